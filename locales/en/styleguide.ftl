# The page with a sample of everything that pages are made of, for those who work on Damso.

styleguide = Style guide
styleguide-lead = Every fragment in every state, made by its own template. Each heading names the file and leads to the sample by itself.
styleguide-by-itself = On a page by itself, as its ids can be there only once
styleguide-themes = Themes
styleguide-browser = As the browser wants it
styleguide-light = Light
styleguide-dark = Dark
