# What can be set: of a chat, by default, and in personas; models and titles.

settings = Settings
settings-replies = Chat defaults
save = Save
settings-defaults = Defaults for new chats
settings-defaults-hint = Each new chat starts with these settings. Existing chats keep their own.
settings-saved = Saved.
settings-models = Models
settings-models-none = No models could be listed. You can still type a model’s name.
# $count (Number) - how many models there are
settings-models-count = { $count ->
    [one] The model server offers one model.
   *[other] The model server offers { $count } models.
}
settings-models-again = Refresh the list
settings-titles = Chat titles
settings-titles-model = Written by the model
settings-titles-line = First line of the first message

look = Appearance
look-hint = These settings apply wherever you sign in.
look-hint-stranger = This browser remembers these settings, and an account you create here starts with them.
look-theme = Theme
look-theme-system = Match device
look-theme-light = Light
look-theme-dark = Dark
look-text = Text size
look-text-small = Small
look-text-normal = Normal
look-text-large = Large
look-text-larger = Extra large
look-density = Density
look-density-roomy = Comfortable
look-density-compact = Compact

writing = Sending
writing-how = How to send a message
writing-enter = Enter sends
writing-enter-hint = Shift and Enter start a new line. Without JavaScript, Enter starts a new line too; send with the button.
writing-line = Enter sends, in a one-line message box
writing-line-hint = This works without JavaScript too. A message that already has several lines is shown in a larger box.
writing-button = Only the button sends
writing-button-hint = Enter always starts a new line.

chat-settings = Chat settings
# $persona (String) - the name of the persona with which the chat began
chat-persona = Persona: { $persona }

preset-model = Model
# $limit (Number) - how many characters are allowed
preset-model-too-long = A model’s name can have at most { $limit } characters.
# $name (String) - the name that was typed
preset-model-unlisted = The model server does not list “{ $name }”. Check the name, or send again to use it anyway.
preset-prompt = System prompt
preset-prompt-hint = What the model is told before the chat: who it is, and how it should reply.
# $length (String) - how many characters it has
# $limit (String) - how many it may have
preset-prompt-too-long = The system prompt is too long: { $length } characters, and the limit is { $limit }.
preset-temperature = Temperature
preset-temperature-hint = From 0 to 2. Higher values give more varied replies.
preset-temperature-range = The temperature must be a number from 0 to 2.
preset-top-p = Top-p
preset-top-p-hint = From 0 to 1. Lower values keep to the most likely words.
preset-top-p-range = Top-p must be a number from 0 to 1.
preset-max-tokens = Maximum reply length
preset-max-tokens-hint = In tokens, from 1 to 1,000,000. A token is a piece of a word.
preset-max-tokens-range = The maximum reply length must be a whole number from 1 to 1,000,000 tokens.
preset-effort = Reasoning effort
preset-effort-hint = For models that think before they reply.
# $words (String) - the words with commas between
preset-effort-unknown = The reasoning effort must be one of: { $words }.
preset-not-set = Model’s default
preset-effort-none = None
preset-effort-minimal = Minimal
preset-effort-low = Low
preset-effort-medium = Medium
preset-effort-high = High
preset-effort-xhigh = Extra high
preset-effort-max = Maximum
preset-empty-hint = Leave a field empty to use the model’s own default.

personas = Personas
personas-lead = A persona is a model with its own name, instructions and greeting.
personas-none = You have no personas yet.
personas-start = Start chat
personas-new = New persona
personas-edit = Edit persona
personas-duplicate = Duplicate
# $name (String) - the name of the persona
personas-copy = { $name } (copy)
personas-delete = Delete this persona?
personas-delete-question = Chats that were started with it stay as they are.
personas-delete-yes = Delete persona
personas-name = Name
personas-name-empty = Give the persona a name.
# $limit (Number) - how many characters are allowed
personas-name-too-long = A name can have at most { $limit } characters.
personas-greeting = Greeting
personas-greeting-hint = Shown at the start of a new chat. It is not sent to the model.
# $limit (Number) - how many characters are allowed
personas-greeting-too-long = A greeting can have at most { $limit } characters.
personas-starters = Conversation starters
personas-starters-hint = One per line. In a new chat, each becomes a button that sends it.
# $count (Number) - how many questions are allowed
# $limit (Number) - how many characters are allowed
personas-starters-too-long = There can be at most { $count } conversation starters, with { $limit } characters in all.
# $limit (Number) - how many there may be
personas-too-many = You can have at most { $limit } personas. Delete one first.
personas-gone = The persona of this chat has been deleted. Your message is still in the message box: send it again to start a chat without the persona.

reply-other-model = Try another model
reply-other-model-title = Reply with another model
reply-other-model-go = Get reply
reply-rejects-temperature = This model does not accept the temperature you set. Change it in the chat settings or leave it empty, then try again.
reply-rejects-top-p = This model does not accept the Top-p you set. Change it in the chat settings or leave it empty, then try again.
reply-rejects-max-tokens = This model does not accept the maximum reply length you set. Change it in the chat settings or leave it empty, then try again.
reply-rejects-effort = This model does not accept the reasoning effort you set. Change it in the chat settings or choose “Model’s default”, then try again.
