//! What is said: the system prompt and the messages, of all columns, of one column, or of a case.

use domain::grid::{MAX_TURNS, Turn, TurnRole};

use super::{
    draft::{Draft, Messages, Owner},
    images,
};
use crate::{
    browser,
    components::{
        button::{Look, icon_button, plain_button},
        erase::Erase,
        reactive::{remade, when},
        select::choice,
        text_box::{TextBox, text_box},
    },
    prelude::*,
};

impl Messages {
    /// What the ids of its fields begin with.
    pub fn id(self) -> String {
        match self {
            Self::Prompt(Owner::All) => "prompt".to_owned(),
            Self::Prompt(Owner::Column(index)) => format!("column-{index}"),
            Self::Case(index) => format!("case-{index}"),
        }
    }

    fn turn_id(self, index: usize) -> String {
        format!("{}-turn-{index}", self.id())
    }
}

/// System prompt and messages side by side.
pub fn prompt_view(draft: Draft, owner: Owner) -> AnyView {
    let path = owner.path("prompt.system");
    let left = path.clone();
    let of = move |grid: &mut domain::grid::Grid| owner.prompt(grid).map(|prompt| prompt.system.clone());
    let first = draft.look(&of).unwrap_or_default();
    let system = TextBox {
        id: match owner {
            Owner::All => "playground-system".to_owned(),
            Owner::Column(index) => format!("column-{index}-system"),
        },
        label: "System prompt".to_owned(),
        placeholder: "You review code. Be brief.",
        rows: 3,
        error: draft.problem(path),
        ..TextBox::default()
    };
    let typed = Callback::new(move |text: String| {
        draft.type_in(&|grid| {
            if let Some(prompt) = owner.prompt(grid) {
                prompt.system.clone_from(&text);
            }
        });
    });
    view! {
        <div class="prompt">
            <div class="prompt-system">
                {text_box(system, first, typed, Callback::new(move |()| draft.leave(&left)))}
            </div>
            {messages_view(draft, Messages::Prompt(owner))}
        </div>
    }
    .erase()
}

/// The messages, one below the other, and the button for one more.
pub fn messages_view(draft: Draft, messages: Messages) -> AnyView {
    let list = move || {
        let turns = draft.look(&|grid| messages.of(grid).map(|turns| turns.clone())).unwrap_or_default();
        let all = turns.len();
        let rows: Vec<AnyView> =
            turns.into_iter().enumerate().map(|(index, turn)| turn_view(draft, messages, index, all, turn)).collect();
        view! { <ol class="turns">{rows}</ol> }.erase()
    };
    // A single message has the button in its own line, where it takes no room.
    let is_apart = move || {
        draft.shape.track();
        draft.look(&|grid| messages.of(grid).map(|turns| !is_plain(messages, turns))).unwrap_or_default()
    };
    let one_more = move || plain_button(Look::Quiet, "Add message", "plus", move || add(draft, messages));
    view! {
        <div class="messages">
            {remade(move || draft.shape.track(), list)}
            {when(is_apart, one_more)}
        </div>
    }
    .erase()
}

/// The other one's turn, as in a conversation.
fn add(draft: Draft, messages: Messages) {
    draft.reshape(&|grid| {
        if let Some(turns) = messages.of(grid).filter(|turns| turns.len() < MAX_TURNS) {
            let role = match turns.last().map(|turn| turn.role) {
                Some(TurnRole::User) => TurnRole::Assistant,
                _ => TurnRole::User,
            };
            turns.push(Turn { role, ..Turn::default() });
        }
    });
    let last = draft.look(&|grid| messages.of(grid).map(|turns| turns.len().saturating_sub(1))).unwrap_or_default();
    focus_turn(messages, last);
}

fn focus_turn(messages: Messages, index: usize) {
    request_animation_frame(move || browser::focus(&messages.turn_id(index)));
}

/// The plain playground: one prompt of the user.
fn is_plain(messages: Messages, turns: &[Turn]) -> bool {
    messages == Messages::Prompt(Owner::All) && matches!(turns, [one] if one.role == TurnRole::User)
}

fn turn_view(draft: Draft, messages: Messages, index: usize, all: usize, turn: Turn) -> AnyView {
    let is_user = turn.role == TurnRole::User;
    let is_plain = is_plain(messages, std::slice::from_ref(&turn)) && all == 1;
    let name = if is_user { "User" } else { "Assistant" };
    let label = if is_plain { "User prompt".to_owned() } else { format!("{name} message {}", index + 1) };
    let path = format!("{}.{index}.text", messages.path());
    let left = path.clone();
    let text = TextBox {
        id: messages.turn_id(index),
        label,
        quiet: !is_plain,
        placeholder: if is_user {
            "Write a function that parses an RFC 3339 timestamp. {{name}} is a variable."
        } else {
            ""
        },
        rows: 3,
        error: draft.problem(path),
        ..TextBox::default()
    };
    let typed = Callback::new(move |text: String| {
        draft.type_in(&|grid| {
            if let Some(turn) = messages.of(grid).and_then(|turns| turns.get_mut(index)) {
                turn.text.clone_from(&text);
            }
        });
    });
    let take = move |event: &leptos::web_sys::Event| images::take(draft, messages, index, event);
    view! {
        <li
            class=if is_plain { "turn turn-plain" } else { "turn" }
            on:paste=move |event| {
                if is_user && take(&event) {
                    event.prevent_default();
                }
            }
            on:dragover=move |event| event.prevent_default()
            on:drop=move |event| {
                if is_user && take(&event) {
                    event.prevent_default();
                }
            }
        >
            <div class="turn-head">
                {(!is_plain).then(|| role(draft, messages, index, turn.role))}
                <div class="turn-tools">{tools(draft, messages, index, all, is_user, is_plain)}</div>
            </div>
            {text_box(text, turn.text.clone(), typed, Callback::new(move |()| draft.leave(&left)))}
            {images::thumbs(draft, messages, index, turn.images)}
        </li>
    }
    .erase()
}

fn role(draft: Draft, messages: Messages, index: usize, now: TurnRole) -> AnyView {
    let choices = vec![("user".to_owned(), "User".to_owned()), ("assistant".to_owned(), "Assistant".to_owned())];
    let chosen = if now == TurnRole::User { "user" } else { "assistant" };
    let choose = Callback::new(move |value: String| {
        draft.reshape(&|grid| {
            if let Some(turn) = messages.of(grid).and_then(|turns| turns.get_mut(index)) {
                turn.role = if value == "user" { TurnRole::User } else { TurnRole::Assistant };
                if turn.role == TurnRole::Assistant {
                    turn.images.clear();
                }
            }
        });
    });
    let id = format!("{}-role", messages.turn_id(index));
    choice(id, format!("Who says message {}", index + 1), true, choices, Signal::stored(chosen.to_owned()), choose)
}

fn tools(draft: Draft, messages: Messages, index: usize, all: usize, is_user: bool, is_plain: bool) -> Vec<AnyView> {
    let mut tools = Vec::new();
    if is_user {
        tools.push(images::attach(draft, messages, index));
    }
    if is_plain {
        tools.push(icon_button("plus", "Add message", move || add(draft, messages)));
    }
    let swap = move |other: usize| {
        draft.reshape(&|grid| {
            if let Some(turns) = messages.of(grid).filter(|turns| other < turns.len()) {
                turns.swap(index, other);
            }
        });
        focus_turn(messages, other);
    };
    let number = index + 1;
    if index > 0 {
        tools.push(icon_button("arrow-up", format!("Move message {number} up"), move || swap(index - 1)));
    }
    if index + 1 < all {
        tools.push(icon_button("arrow-down", format!("Move message {number} down"), move || swap(index + 1)));
    }
    // The last message of a prompt stays: a case may have none.
    if all > 1 || matches!(messages, Messages::Case(_)) {
        tools.push(icon_button("x", format!("Remove message {number}"), move || {
            draft.reshape(&|grid| {
                if let Some(turns) = messages.of(grid).filter(|turns| index < turns.len()) {
                    turns.remove(index);
                }
            });
            focus_turn(messages, index.saturating_sub(1));
        }));
    }
    tools
}
