# The page with a sample of everything that pages are made of, for those who work on Damso.

styleguide = Style guide
styleguide-lead = Every fragment in every state, rendered by its own template. Each heading is the name of the file and links to that sample alone.
styleguide-by-itself = On a page of its own, because its ids may be used only once on a page
