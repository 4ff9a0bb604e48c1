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
back-home = Back to the start

welcome-title = A friendly talk with a model
welcome-lead = Damso is an AI chat for a family, a class or a team. It runs on a computer of your own, answers live in every browser, with or without JavaScript, and asks no other site for anything.
welcome-point-live = Replies appear word by word, and keep going while you look elsewhere.
welcome-point-own = Your chats are stored only in your own database.
welcome-point-open = It works with OpenAI and every server that speaks its protocol, such as Ollama.
welcome-closed = No new accounts can be created here.

demo-banner = Demo model: no real AI is connected.
demo-banner-how = The demo only shows how replies look. To connect a real model, set OPENAI_API_KEY or OPENAI_BASE_URL and restart Damso.
