//! Tools that the models may call: their schema, and how a call is answered here.

use domain::grid::{MAX_TOOLS, Tool, ToolReply};

use super::{
    draft::{Draft, Owner},
    settings::note,
};
use crate::{
    browser,
    components::{
        button::{Look, icon_button, plain_button},
        erase::Erase,
        reactive::{live, remade, when},
        select::choice,
        state::State,
        text_box::{TextBox, text_box},
    },
    prelude::*,
};

const REPLIES: [(ToolReply, &str, &str); 3] = [
    (ToolReply::Typed, "typed", "I type it into the cell"),
    (ToolReply::Fixed, "fixed", "Always the same text"),
    (ToolReply::Echo, "echo", "The arguments come back"),
];

const SCHEMA: &str = "{\n  \"type\": \"object\",\n  \"properties\": {\n    \"path\": {\"type\": \"string\"}\n  },\n  \"required\": [\"path\"]\n}";

pub fn tools_view(draft: Draft, owner: Owner) -> AnyView {
    let list = move || {
        let tools = draft.look(&|grid| owner.prompt(grid).map(|prompt| prompt.tools.clone())).unwrap_or_default();
        let rows: Vec<AnyView> =
            tools.into_iter().enumerate().map(|(index, tool)| tool_view(draft, owner, index, tool)).collect();
        view! { <ol class="tools">{rows}</ol> }.erase()
    };
    view! {
        <div class="tool-list">
            {note(move || draft.unsupported(owner, "tools").1)}
            {remade(move || draft.shape.track(), list)}
            <div class="tool-foot">
                {plain_button(Look::Secondary, "Add tool", "plus", move || add(draft, owner))}
                {tool_choice(draft, owner)}
            </div>
        </div>
    }
    .erase()
}

fn add(draft: Draft, owner: Owner) {
    let last = draft.look(&|grid| owner.prompt(grid).map(|it| it.tools.len())).unwrap_or_default();
    draft.reshape(&|grid| {
        if let Some(prompt) = owner.prompt(grid).filter(|prompt| prompt.tools.len() < MAX_TOOLS) {
            prompt.tools.push(Tool { schema: SCHEMA.to_owned(), ..Tool::default() });
        }
    });
    request_animation_frame(move || browser::focus(&id(owner, last, "name")));
}

fn id(owner: Owner, index: usize, field: &str) -> String {
    match owner {
        Owner::All => format!("tool-{index}-{field}"),
        Owner::Column(column) => format!("column-{column}-tool-{index}-{field}"),
    }
}

/// A text of a tool.
struct Part {
    field: &'static str,
    label: &'static str,
    placeholder: &'static str,
    rows: u32,
    mono: bool,
    of: fn(&mut Tool) -> &mut String,
}

static NAME: Part =
    Part { field: "name", label: "Name", placeholder: "read_file", rows: 0, mono: true, of: |it| &mut it.name };
static DESCRIPTION: Part = Part {
    field: "description",
    label: "Description",
    placeholder: "Reads a file of the repository.",
    rows: 0,
    mono: false,
    of: |it| &mut it.description,
};
static ARGUMENTS: Part = Part {
    field: "schema",
    label: "JSON schema of its arguments",
    placeholder: "",
    rows: 5,
    mono: true,
    of: |it| &mut it.schema,
};
static RESULT: Part = Part {
    field: "result",
    label: "Result of every call",
    placeholder: "",
    rows: 3,
    mono: true,
    of: |it| &mut it.result,
};

fn part(draft: Draft, owner: Owner, index: usize, part: &'static Part) -> AnyView {
    let path = format!("{}.tools.{index}.{}", owner.path("prompt"), part.field);
    let find = move |grid: &mut domain::grid::Grid| {
        owner.prompt(grid).and_then(|it| it.tools.get_mut(index)).map(|tool| (part.of)(tool).clone())
    };
    let it = TextBox {
        id: id(owner, index, part.field),
        label: part.label.to_owned(),
        placeholder: part.placeholder,
        rows: part.rows,
        mono: part.mono,
        error: draft.problem(path.clone()),
        ..TextBox::default()
    };
    let typed = Callback::new(move |text: String| {
        draft.type_in(&|grid| {
            if let Some(tool) = owner.prompt(grid).and_then(|it| it.tools.get_mut(index)) {
                (part.of)(tool).clone_from(&text);
            }
        });
    });
    text_box(it, draft.look(&find).unwrap_or_default(), typed, Callback::new(move |()| draft.leave(&path)))
}

fn tool_view(draft: Draft, owner: Owner, index: usize, tool: Tool) -> AnyView {
    let reply = State::new(tool.reply);
    let choices = REPLIES.iter().map(|it| (it.1.to_owned(), it.2.to_owned())).collect();
    let chosen = move || REPLIES.iter().find(|it| it.0 == reply.get()).map_or("", |it| it.1).to_owned();
    let choose = Callback::new(move |value: String| {
        let chosen = REPLIES.iter().find(|it| it.1 == value).map(|it| it.0).unwrap_or_default();
        reply.set(chosen);
        draft.type_in(&|grid| {
            if let Some(tool) = owner.prompt(grid).and_then(|it| it.tools.get_mut(index)) {
                tool.reply = chosen;
            }
        });
    });
    let remove = icon_button("x", format!("Remove tool {}", index + 1), move || {
        draft.reshape(&|grid| {
            if let Some(prompt) = owner.prompt(grid).filter(|prompt| index < prompt.tools.len()) {
                prompt.tools.remove(index);
            }
        });
    });
    view! {
        <li class="tool">
            <div class="tool-names">
                {part(draft, owner, index, &NAME)} {part(draft, owner, index, &DESCRIPTION)} {remove}
            </div>
            <div class="tool-sides">
                {part(draft, owner, index, &ARGUMENTS)}
                <div class="tool-reply">
                    {choice(id(owner, index, "reply"), "Result".to_owned(), false, choices, Signal::derive(chosen), choose)}
                    {when(move || reply.get() == ToolReply::Fixed, move || part(draft, owner, index, &RESULT))}
                </div>
            </div>
        </li>
    }
    .erase()
}

/// Whether a model has to call one.
fn tool_choice(draft: Draft, owner: Owner) -> AnyView {
    let field = move || {
        draft.shape.track();
        let (names, now) = draft
            .look(&|grid| {
                let names: Vec<String> = owner.prompt(grid)?.tools.iter().map(|it| it.name.clone()).collect();
                Some((names, grid.settings.tool_choice.clone()))
            })
            .unwrap_or_default();
        if names.is_empty() {
            return ().into_any();
        }
        let mut choices: Vec<(String, String)> =
            [("", "As the model likes"), ("none", "No tool"), ("required", "Some tool")]
                .map(|(value, label)| (value.to_owned(), label.to_owned()))
                .to_vec();
        choices
            .extend(names.into_iter().filter(|it| !it.is_empty()).map(|name| (name.clone(), format!("Always {name}"))));
        let choose = Callback::new(move |value: String| {
            draft.type_in(&|grid| {
                // A column without parameters of its own has those of all.
                let settings = match owner.settings(grid).is_some() {
                    true => owner.settings(grid),
                    false => Some(&mut grid.settings),
                };
                if let Some(settings) = settings {
                    settings.tool_choice.clone_from(&value);
                }
            });
        });
        let id = match owner {
            Owner::All => "tool-choice".to_owned(),
            Owner::Column(index) => format!("column-{index}-tool-choice"),
        };
        choice(id, "Call".to_owned(), false, choices, Signal::stored(now), choose)
    };
    live(field)
}
