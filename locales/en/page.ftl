# The frame of every page, and the landing page.

language-name = English
app-name = Damso
skip-to-composer = Skip to the message box
menu = Menu
skip-to-content = Skip to the content
language = Language
chats = Chats
new-chat = New chat
sign-in = Sign in
sign-out = Sign out
register = Create an account
back-home = Home

welcome-title = Friendly conversations with AI
welcome-lead = Damso is an AI chat for a family, a class or a team. It runs on a server of your own. Replies appear as they are written, in any browser, with or without JavaScript, and pages load nothing from other sites.
welcome-point-live = Replies appear word by word, and continue even if you close the tab.
welcome-point-own = Chats are stored only on this server. To get a reply, messages are sent to the AI model that its administrator has connected.
welcome-point-open = Works with OpenAI and any OpenAI-compatible server, such as Ollama.
welcome-closed = Sign-up is closed here. If you need an account, ask the administrator.

demo-banner = Demo model: no real AI is connected.
demo-banner-how = These are sample replies. To connect a real model, start Ollama on the server, or set OPENAI_API_KEY or OPENAI_BASE_URL and restart Damso.
