# What can be set: of a chat, by default, and in personas; models and titles.

settings = Settings
settings-replies = Replies
save = Save
settings-defaults = For new chats
settings-defaults-hint = Each new chat starts with these settings. Existing chats keep their own.
settings-saved = Saved.
settings-models = Models
settings-models-none = The list of models is not available at the moment. You can still type a model’s name.
# $count (Number) - how many models there are
settings-models-count = { $count ->
    [one] The server has one model.
   *[other] The server has { $count } models.
}
settings-models-again = Check again
settings-titles = Chat titles
settings-titles-model = written by the model after its first reply
settings-titles-line = the first line of the first message

look = Look
look-hint = These settings apply wherever you sign in.
look-hint-stranger = This browser remembers these settings, and an account you create here starts with them.
look-theme = Theme
look-theme-system = Same as the device
look-theme-light = Light
look-theme-dark = Dark
look-text = Text size
look-text-small = Small
look-text-normal = Normal
look-text-large = Large
look-text-larger = Larger
look-density = Density
look-density-roomy = Roomy
look-density-compact = Compact

writing = Writing
writing-how = How to send a message
writing-enter = Enter sends
writing-enter-hint = Shift and Enter start a new line. Without JavaScript, Enter starts a new line too, and the button sends.
writing-line = Enter sends, from a one-line field
writing-line-hint = This works without JavaScript too. Text that already has several lines still gets a larger box.
writing-button = Only the button sends
writing-button-hint = Enter always starts a new line.

chat-settings = Chat settings
# $persona (String) - the name of the persona with which the chat began
chat-persona = Persona: { $persona }

preset-model = Model
# $limit (Number) - how many characters are allowed
preset-model-too-long = A model’s name can have at most { $limit } characters.
# $name (String) - the name that was typed
preset-model-unlisted = The server does not list a model named “{ $name }”. Check the name, or send again to use it all the same.
preset-prompt = System prompt
preset-prompt-hint = What the model is told before the conversation: who it is, and how it should answer.
# $length (String) - how many characters it has
# $limit (String) - how many it may have
preset-prompt-too-long = The system prompt has { $length } characters; at most { $limit } are allowed.
preset-temperature = Temperature
preset-temperature-hint = 0 to 2; higher values give more varied replies.
preset-temperature-range = The temperature must be a number from 0 to 2.
preset-top-p = Top-p
preset-top-p-hint = 0 to 1; lower values keep to likelier words.
preset-top-p-range = Top-p must be a number from 0 to 1.
preset-max-tokens = Maximum reply length
preset-max-tokens-hint = 1 to 1,000,000 tokens.
preset-max-tokens-range = The maximum reply length must be a whole number from 1 to 1,000,000 tokens.
preset-effort = Reasoning effort
preset-effort-hint = For models that think before they answer.
# $words (String) - the words with commas between
preset-effort-unknown = The reasoning effort must be one of: { $words }.
preset-not-set = not set
preset-empty-hint = Anything you leave empty is not sent, and the model uses its own default.

personas = Personas
personas-lead = A persona is a model with a name, instructions and a greeting that you choose. Pick one to start a chat with it.
personas-new = New persona
personas-edit = Edit persona
personas-duplicate = Duplicate
# $name (String) - the name of the persona
personas-copy = { $name } (copy)
personas-delete = Delete this persona?
personas-delete-question = Chats that were started with it stay as they are.
personas-name = Name
personas-name-empty = Give the persona a name.
# $limit (Number) - how many characters are allowed
personas-name-too-long = A name can have at most { $limit } characters.
personas-greeting = Greeting
personas-greeting-hint = Shown at the start of a new chat. It is not sent to the model.
# $limit (Number) - how many characters are allowed
personas-greeting-too-long = A greeting can have at most { $limit } characters.
personas-starters = Starter questions
personas-starters-hint = One per line. In a new chat, each becomes a button that sends it.
# $count (Number) - how many questions are allowed
# $limit (Number) - how many characters are allowed
personas-starters-too-long = There can be at most { $count } starter questions, with { $limit } characters in all.
# $limit (Number) - how many there may be
personas-too-many = You can have at most { $limit } personas. Delete one first.
personas-gone = The persona of this chat has been deleted in the meantime. Your text is still in the box: send it again to start a chat without the persona.

reply-other-model = With another model
reply-other-model-title = Reply with another model
reply-other-model-go = Reply with this model
reply-rejects-temperature = This model does not accept the temperature you set. Change it or leave it empty in the chat’s settings, then try again.
reply-rejects-top-p = This model does not accept the top-p you set. Change it or leave it empty in the chat’s settings, then try again.
reply-rejects-max-tokens = This model does not accept the maximum reply length you set. Change it or leave it empty in the chat’s settings, then try again.
reply-rejects-effort = This model does not accept the reasoning effort you set. Change it or choose “not set” in the chat’s settings, then try again.
