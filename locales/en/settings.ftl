# What can be set: of a chat, by default, and in personas; models and titles.

settings = Settings
settings-replies = Replies
save = Save
settings-defaults = For new chats
settings-defaults-hint = Each new chat begins with this. Chats that are there already keep their own settings.
settings-saved = Saved.
settings-models = Models
settings-models-none = The list of models is not there at the moment. A name can be typed all the same.
# $count (Number) - how many models there are
settings-models-count = { $count ->
    [one] The server has one model.
   *[other] The server has { $count } models.
}
settings-models-again = Look again
settings-titles = Titles of chats
settings-titles-model = made by the model after its first reply
settings-titles-line = the first line of the first message

look = Look
look-hint = It is like this wherever you sign in.
look-hint-stranger = This browser remembers it, and an account that you make here begins with it.
look-theme = Theme
look-theme-system = Like the device
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
writing-how = How a message is sent
writing-enter = Enter sends
writing-enter-hint = Shift and Enter begin a new line; without JavaScript Enter does so too, and the button sends.
writing-line = A field of one line
writing-line-hint = Enter sends, also without JavaScript; a text that has several lines already still gets a larger box.
writing-button = Only the button sends
writing-button-hint = Enter always begins a new line.

chat-settings = Chat settings
# $persona (String) - the name of the persona with which the chat began
chat-persona = Persona: { $persona }

preset-model = Model
# $limit (Number) - how many characters are allowed
preset-model-too-long = The name of a model has at most { $limit } characters.
preset-prompt = System prompt
preset-prompt-hint = What the model is told before every conversation: who it is, how it should answer.
# $length (String) - how many characters it has
# $limit (String) - how many it may have
preset-prompt-too-long = The system prompt has { $length } characters; at most { $limit } are allowed.
preset-temperature = Temperature
preset-temperature-hint = 0 to 2; higher is more varied.
preset-temperature-range = The temperature is a number from 0 to 2.
preset-top-p = Top-p
preset-top-p-hint = 0 to 1; lower keeps to likelier words.
preset-top-p-range = Top-p is a number from 0 to 1.
preset-max-tokens = Longest reply
preset-max-tokens-hint = 1 to 1,000,000 tokens.
preset-max-tokens-range = The longest reply is a whole number from 1 to 1,000,000 tokens.
preset-effort = Reasoning effort
preset-effort-hint = For models that think first.
# $words (String) - the words with commas between
preset-effort-unknown = The reasoning effort is one of: { $words }.
preset-not-set = not set
preset-empty-hint = What is left empty is not sent; the model then does as it usually does.

personas = Personas
personas-lead = A persona is a model with a name, instructions and a greeting of your own. Choose one to begin a chat with it.
personas-new = New persona
personas-edit = Edit persona
personas-duplicate = Duplicate
# $name (String) - the name of the persona
personas-copy = { $name } (copy)
personas-delete = Delete this persona?
personas-delete-question = Chats that began with it stay as they are.
personas-name = Name
personas-name-empty = Give the persona a name.
# $limit (Number) - how many characters are allowed
personas-name-too-long = A name has at most { $limit } characters.
personas-greeting = Greeting
personas-greeting-hint = A new chat shows it first. The model is not sent it.
# $limit (Number) - how many characters are allowed
personas-greeting-too-long = A greeting has at most { $limit } characters.
personas-starters = Starter questions
personas-starters-hint = One a line. A new chat shows each as a button that sends it.
# $count (Number) - how many questions are allowed
# $limit (Number) - how many characters are allowed
personas-starters-too-long = There can be at most { $count } starter questions with { $limit } characters together.
# $limit (Number) - how many there may be
personas-too-many = You can have at most { $limit } personas. Delete one first.
personas-gone = The persona of this chat was deleted meanwhile. Your text is still in the box: send it to begin a chat without it.

reply-other-model = With another model
reply-other-model-go = Reply with this model
reply-rejects-temperature = This model does not accept this temperature. Change it or leave it empty in the chat’s settings, then try again.
reply-rejects-top-p = This model does not accept this top-p. Change it or leave it empty in the chat’s settings, then try again.
reply-rejects-max-tokens = This model does not accept this longest length of a reply. Change it or leave it empty in the chat’s settings, then try again.
reply-rejects-effort = This model does not accept this reasoning effort. Change it or leave it unset in the chat’s settings, then try again.
