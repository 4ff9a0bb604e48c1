//! Samples for the style guide: messages in every state, the composer, the list, titles, questions.

use super::{MODEL, Sample, replies::live as sample_of_live};
use crate::{
    chats::fragments::{
        chat_list::{ChatList, ChatRows},
        chat_pane::{Earlier, Later},
        composer::Composer,
        delete_forms::{DeleteForm, RemoveForm},
        edit_form::EditForm,
        left_out::LeftOut,
        message::{Html, LiveHtml, Rendered, Shown},
        message_actions::Actions,
        new_chat::{Start, StartFields},
        reasoning::Thoughts,
        reply_ending::Ending,
        title::{Title, TitleForm},
        undo::Undo,
    },
    error::Result,
    ids::{ChatId, MessageId, PersonaId},
    messages::{
        html_cache::html_of,
        list::Listed,
        rows::{Chat, Made, Message, MessageState, Role},
        siblings::Siblings,
    },
    models::{Current, ModelErrorKind, Source},
    personas::Persona,
    presets::Preset,
    replies::Note,
    time::now,
    web::{connection::Connection, errors::Notice, refusal::notice, view::View},
};

/// Letters from the right to the left: the same in every language of the interface.
const FROM_THE_RIGHT: &str = "كيف يأخذ الخزف الأخضر لونه؟\nאיך מקבלת קרמיקת סלדון את צבעה?";

/// A text without a place where a line could end.
const LONG_WORDS: &str = "https://example.org/a/very/long/address/without/any/end?with=parameters&and=more&and=evenmore&and=yetmore#and-a-fragment\n\
     Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft\n\
     가나다라마바사아자차카타파하가나다라마바사아자차카타파하가나다라마바사아자차카타파하";

/// In microseconds.
const A_DAY: i64 = 86_400_000_000;

/// Every sample of this feature.
pub(crate) fn samples(view: &View) -> Result<Vec<Sample>> {
    let mut samples = beginnings(view)?;
    samples.extend(lists_and_titles(view)?);
    samples.extend(messages_of_people(view)?);
    samples.extend(ended_replies(view)?);
    samples.extend(running_replies(view)?);
    samples.extend(questions_about_messages(view)?);
    samples.extend(composers(view)?);
    Ok(samples)
}

/// A chat with a title that is as long as first questions are.
pub(crate) fn chat(view: &View) -> Chat {
    Chat {
        id: ChatId::new(),
        title: view.t.empty_second(),
        leaf: Some(MessageId::new()),
        preset: Preset {
            model: Some(MODEL.to_owned()),
            ..Preset::default()
        },
        persona: None,
        title_by: "person".to_owned(),
    }
}

fn persona(view: &View) -> Persona {
    let t = view.t;
    Persona {
        id: PersonaId::new(),
        name: t.app_name(),
        greeting: t.welcome_lead(),
        starters: [t.empty_first(), t.empty_second(), t.empty_third()].join("\n"),
        preset: Preset::default(),
    }
}

/// A reply with everything that Markdown can do.
fn everything(view: &View) -> &'static str {
    view.lang.markdown("sample")
}

fn thoughts(view: &View) -> &'static str {
    view.lang.markdown("sample_thoughts")
}

/// The first paragraph of that, cut in the middle.
fn beginning(view: &View) -> String {
    everything(view).chars().take(60).collect()
}

fn demo(view: &View) -> View {
    view.answered_by(Current {
        source: Source::Demo,
        model: None,
    })
}

fn beginnings(view: &View) -> Result<Vec<Sample>> {
    let start = |view: &View, persona: Option<Persona>| Start {
        view: view.clone(),
        personas: persona.iter().cloned().collect(),
        persona,
        token: MessageId::new(),
    };
    let silent = Persona {
        greeting: String::new(),
        starters: String::new(),
        ..persona(view)
    };
    let later = |leaf| Later {
        view: view.clone(),
        chat: ChatId::new(),
        first: MessageId::new(),
        leaf,
    };
    let earlier = Earlier {
        view: view.clone(),
        chat: ChatId::new(),
        first: MessageId::new(),
        leaf: None,
    };
    Ok(vec![
        Sample::of("start", "no persona", &start(view, None))?,
        Sample::of("start", "persona", &start(view, Some(persona(view))))?,
        Sample::of("start", "persona of few words", &start(view, Some(silent)))?,
        Sample::of("start", "demo model", &start(&demo(view), None))?,
        Sample::of("earlier", "a link", &earlier)?,
        Sample::of("left_out", "many", &LeftOut::sample(view, 1826))?,
        Sample::of("later", "a link", &later(Some(MessageId::new())))?,
    ])
}

fn lists_and_titles(view: &View) -> Result<Vec<Sample>> {
    let chat = chat(view);
    let others = [
        view.t.empty_first(),
        view.t.empty_third(),
        LONG_WORDS.to_owned(),
    ];
    let mut listed = vec![(chat.id, chat.title.clone())];
    listed.extend(others.map(|title| (ChatId::new(), title)));
    // One of each length of time ago, the first of them with a reply that runs.
    let days = [0, 0, 1, 40].map(|days| now() - days * A_DAY);
    let listed = listed.into_iter().zip(days).enumerate();
    let listed = listed.map(|(number, ((id, title), active_at))| Listed {
        id,
        title,
        active_at,
        is_running: number == 1,
    });
    let mut rows = ChatRows::of(view, listed.collect());
    (rows.current, rows.last) = (Some(chat.id), Some(ChatId::new()));
    let list = |rows| ChatList {
        elsewhere: None,
        view: view.clone(),
        rows,
    };
    let title = |chat: &Chat| Title::of(chat.clone(), view);
    let form = |title: &str, problem| TitleForm {
        view: view.clone(),
        chat: chat.clone(),
        title: title.to_owned(),
        problem,
    };
    let question = DeleteForm {
        view: view.clone(),
        chat: chat.clone(),
    };
    let begun_with_one = Chat {
        persona: Some(persona(view).name),
        ..chat.clone()
    };
    let empty = form("", Some(view.t.rename_empty()));
    Ok(vec![
        Sample::of("chat_list", "current", &list(rows))?,
        Sample::of("chat_list", "empty", &list(ChatRows::of(view, Vec::new())))?,
        Sample::of("title", "plain", &title(&chat))?,
        Sample::of("title", "persona", &title(&begun_with_one))?,
        Sample::of("title_form", "plain", &form(&chat.title, None))?,
        Sample::of("title_form", "problem", &empty)?,
        Sample::of("delete_form", "question", &question)?,
    ])
}

fn message(role: Role, body: &str) -> Message {
    Message {
        id: MessageId::new(),
        parent_id: None,
        role,
        body: body.to_owned(),
        reasoning: String::new(),
        state: MessageState::Complete,
        problem: None,
        said: None,
        model: (role == Role::Assistant).then(|| MODEL.to_owned()),
        dropped: 0,
        created_at: now(),
        made: Made {
            prompt_tokens: Some(1_234),
            completion_tokens: Some(567),
            is_estimate: false,
            written_in: Some(8_000_000),
            ended_at: (role == Role::Assistant).then(now),
        },
    }
}

/// The message as a chat shows it; the chat goes on after it unless it is the last.
fn shown(view: &View, message: Message, is_last: bool, siblings: Option<Siblings>) -> Shown {
    let chat = Chat {
        leaf: is_last.then_some(message.id),
        ..chat(view)
    };
    let mut shown = Shown::ended(message, view);
    if shown.message.role == Role::Assistant {
        let html = html_of(shown.message.id, &shown.message.body);
        shown.html = Html::Final(Rendered(html.into()));
    }
    shown.actions = Some(Actions::of(&shown, &chat, siblings));
    shown
}

/// The second of three versions.
fn second(id: MessageId) -> Option<Siblings> {
    Some(Siblings {
        id,
        place: 2,
        count: 3,
        previous: Some(MessageId::new()),
        next: Some(MessageId::new()),
    })
}

fn messages_of_people(view: &View) -> Result<Vec<Sample>> {
    let mine = |body: &str| message(Role::User, body);
    let sample = |state, message, is_last, siblings| {
        Sample::of("message", state, &shown(view, message, is_last, siblings))
    };
    let question = view.t.empty_second();
    let again = mine(&question);
    let versions = second(again.id);
    let lines = [view.t.empty_first(), String::new(), view.t.empty_third()].join("\n");
    Ok(vec![
        sample("question", mine(&question), false, None)?,
        sample("question with lines", mine(&lines), false, None)?,
        sample("question without reply", mine(&question), true, None)?,
        sample("question with versions", again, false, versions)?,
        sample("question from the right", mine(FROM_THE_RIGHT), false, None)?,
        sample("question of long words", mine(LONG_WORDS), false, None)?,
    ])
}

fn ended_replies(view: &View) -> Result<Vec<Sample>> {
    let reply = |body: &str| message(Role::Assistant, body);
    let ended = |state, problem: Option<&str>, body: &str| Message {
        state,
        problem: problem.map(str::to_owned),
        ..reply(body)
    };
    let sample = |state, message: Message, siblings| {
        Sample::of("message", state, &shown(view, message, true, siblings))
    };
    let some = beginning(view);
    let plain = reply(&view.t.welcome_point_live());
    let versions = second(plain.id);
    let thoughtful = Message {
        reasoning: thoughts(view).to_owned(),
        ..plain.clone()
    };
    let thoughtful = Message {
        id: MessageId::new(),
        ..thoughtful
    };
    use MessageState::{Complete, Failed, Interrupted, Stopped};
    Ok(vec![
        sample("complete", reply(everything(view)), None)?,
        sample("complete with versions", plain, versions)?,
        sample("complete with thoughts", thoughtful, None)?,
        sample("complete from the right", reply(FROM_THE_RIGHT), None)?,
        sample("complete of long words", reply(LONG_WORDS), None)?,
        sample("stopped", ended(Stopped, None, &some), None)?,
        sample("interrupted", ended(Interrupted, None, &some), None)?,
        sample("stopped early", ended(Stopped, None, ""), None)?,
        sample(
            "failed",
            ended(Failed, Some(ModelErrorKind::Unreachable.as_str()), ""),
            None,
        )?,
        sample(
            "failed in the middle",
            ended(Failed, Some(ModelErrorKind::CutOff.as_str()), &some),
            None,
        )?,
        sample("too long", ended(Complete, Some("length"), &some), None)?,
        sample("filtered", ended(Complete, Some("filtered"), &some), None)?,
        sample("cut short", ended(Complete, Some("cut_short"), &some), None)?,
        sample(
            "without text",
            ended(Failed, Some(ModelErrorKind::OnlyToolCall.as_str()), ""),
            None,
        )?,
    ])
}

fn running_replies(view: &View) -> Result<Vec<Sample>> {
    let sample = |state, thoughts: &str, text: &str, note| {
        let message = Message {
            state: MessageState::Streaming,
            ..message(Role::Assistant, "")
        };
        let live = sample_of_live(message.id, thoughts, text, note);
        let shown = Shown {
            view: view.clone(),
            html: Html::Live(LiveHtml::of(&live, view)),
            ending: Ending::of(&message, view),
            message,
            actions: None,
        };
        Sample::of("message", state, &shown)
    };
    let (thoughts, text) = (thoughts(view), everything(view));
    let in_code = text
        .split_once("fn target")
        .map_or(text, |(before, _)| before);
    let boxed = |is_thinking| {
        let id = MessageId::new();
        Thoughts::new(id, view.t, thoughts.to_owned(), is_thinking)
    };
    Ok(vec![
        sample("queued", "", "", Note::Queued(3))?,
        sample("waiting", "", "", Note::Waiting)?,
        sample("retrying", "", "", Note::Retrying(1, 3))?,
        sample("busy", "", "", Note::Busy(1, 3))?,
        sample("thinking", thoughts, "", Note::Thinking)?,
        sample("streaming", thoughts, &beginning(view), Note::None)?,
        sample(
            "streaming code",
            "",
            &format!("{in_code}fn tar"),
            Note::None,
        )?,
        Sample::of("thoughts", "open", &boxed(true))?,
        Sample::of("thoughts", "closed", &boxed(false))?,
    ])
}

fn questions_about_messages(view: &View) -> Result<Vec<Sample>> {
    let mine = || message(Role::User, &view.t.empty_second());
    let edit = |text: String, problem| EditForm {
        view: view.clone(),
        chat: ChatId::new(),
        message: mine(),
        token: MessageId::new(),
        text,
        problem,
    };
    let remove = |more| RemoveForm {
        view: view.clone(),
        chat: ChatId::new(),
        message: mine(),
        more,
    };
    let empty = edit(String::new(), Some(view.t.composer_empty()));
    Ok(vec![
        Sample::of("edit_form", "plain", &edit(view.t.empty_second(), None))?,
        Sample::of("edit_form", "problem", &empty)?,
        Sample::of("remove_form", "last", &remove(0))?,
        Sample::of("remove_form", "with more below", &remove(12))?,
        Sample::of("undo", "one", &undo(view, 1))?,
        Sample::of("undo", "many", &undo(view, 12))?,
        Sample::of(
            "notice",
            "plain",
            &notice(view.t.composer_too_many_running()),
        )?,
        Sample::of(
            "notice",
            "with a link",
            &Notice {
                link: Some(("/login".to_owned(), view.t.sign_in())),
                ..notice(view.t.error_signed_out())
            },
        )?,
    ])
}

fn undo(view: &View, count: i64) -> Undo {
    Undo {
        view: view.clone(),
        id: MessageId::new(),
        count,
    }
}

fn composers(view: &View) -> Result<Vec<Sample>> {
    let chat = chat(view);
    let composer = |text: &str| Composer::new(view, Some(&chat), text.to_owned());
    let new = |view: &View, model: &str| {
        let mut composer = Composer::new(view, None, String::new());
        composer.start = Some(StartFields {
            view: view.clone(),
            persona: Some(PersonaId::new()),
            usual: view.model.model.clone(),
            model: model.to_owned(),
            models: [MODEL.to_owned()].into(),
        });
        composer
    };
    let question = view.t.empty_second();
    let mut noticed = composer(&question);
    noticed.notice = Some(notice(view.t.composer_still_replying()));
    let mut undone = composer("");
    undone.undo = Some(undo(view, 2));
    let mut stop = composer("");
    stop.stop.running = Some(MessageId::new());
    let unasked = view.answered_by(Current {
        source: Source::Server,
        model: None,
    });
    let nameless = Chat {
        preset: Preset::default(),
        ..chat.clone()
    };
    let nameless = Composer::new(&unasked, Some(&nameless), String::new());
    let lost = Connection {
        view: view.clone(),
        is_there: false,
    };
    Ok(vec![
        Sample::of("composer", "empty", &composer(""))?,
        Sample::of("composer", "text", &composer(&question))?,
        Sample::of("composer", "long words", &composer(LONG_WORDS))?,
        Sample::of("composer", "notice", &noticed)?,
        Sample::of("composer", "undo", &undone)?,
        Sample::of("composer", "stop", &stop)?,
        Sample::of("composer", "new chat", &new(view, ""))?,
        Sample::of("composer", "new chat with a model", &new(view, MODEL))?,
        Sample::of("composer", "demo model", &new(&demo(view), ""))?,
        Sample::of("composer", "no model yet", &nameless)?,
        Sample::of("connection", "lost", &lost)?,
    ])
}
