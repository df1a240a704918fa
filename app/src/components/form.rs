//! Forms as data: `crate::sheets` describes one, `form_view` shows it, and what was entered becomes the JSON that an operation
//! takes. A field names its place in that JSON and the rule that the operation itself checks it by, so that browser and server
//! cannot disagree.
//!
//! Never here: views, requests, what a page is about. One more kind of field: a variant of [`FieldKind`], its JSON in
//! [`value_of`], its control in `form_view`. One more rule: a variant of [`Rule`] and the function of `domain` behind it.

use domain::{ApiError, error::FieldErrors, network::Network, text};
use serde::{Deserialize, Serialize};

use super::sheet::Fields;
use crate::api::json::{Node, parse};

/// Stands around the places of an answer in texts: `¤name¤ added`; `¤models.0|any¤` says `any` when there is nothing.
pub const MARK: char = '¤';

/// A form: in a dialog, or in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub title: String,
    pub text: String,
    /// The JSON that is sent, before the fields have their say.
    pub base: String,
    /// `keys/create`: the operation that takes it.
    pub post: String,
    pub fields: Vec<Field>,
    /// What hides the fields that are seldom needed.
    pub fold: String,
    /// Something behind it is set: it is open from the start.
    pub unfolded: bool,
    pub submit: String,
    pub danger: bool,
    /// What to ask the page for, to have this form again with the values of now.
    pub again: String,
    pub then: Then,
}

/// What follows when the operation has done it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Then {
    /// Said in a toast; a sentence that the operation answers with is said instead.
    pub said: String,
    /// Where to go.
    pub go: String,
    /// The frame around the page shows something of it.
    pub frame: bool,
    /// The fields say how pages look: kept in this browser too.
    pub look: bool,
    /// The answer carries something that is shown once.
    pub shows: Option<Shows>,
}

/// What is shown once, taken from the answer. All texts may hold places of the answer between [`MARK`]s.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shows {
    pub title: String,
    pub warning: String,
    /// Names the secret: `Copy key`.
    pub copy: String,
    pub secret: String,
    /// Label and text, each a way to use it.
    pub snippets: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    #[default]
    Text,
    /// Ids, addresses, names of models.
    Mono,
    Email,
    /// Words that are searched for.
    Search,
    /// A password of the reader's own: the browser may know it.
    Password,
    NewPassword,
    /// Somebody's key: never kept, never proposed.
    Secret,
    Day,
    /// A whole number; empty is null.
    Number,
    Select,
    /// The same, where an empty value is null.
    Maybe,
    /// Each choice is explained.
    Radios,
    Flag,
    /// Any number of the choices.
    Checks,
    /// A list, one to a line.
    Lines,
    /// Names with values, `name=value`, one to a line.
    Pairs,
    /// Its `value` must be typed; nothing is sent of it.
    Confirm,
    /// No field: its label is a sentence between the others.
    Words,
}

/// Which of the rules of `domain` a field has to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    #[default]
    Any,
    Name,
    Slug,
    Email,
    ModelName,
    ModelNames,
    Password,
    Networks,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its place in the JSON: `input.rules.models`.
    pub name: String,
    pub kind: FieldKind,
    pub label: String,
    pub hint: String,
    /// At first; what is ticked stands one to a line.
    pub value: String,
    pub choices: Vec<Choice>,
    pub rule: Rule,
    pub required: bool,
    /// Another field and its value, parted by a space: it counts only then.
    pub only_if: String,
    /// Seldom needed: stands behind [`Form::fold`].
    pub folded: bool,
    /// Shares its line with as many others, where there is room: 2 or 3.
    pub share: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub text: String,
}

impl Field {
    pub fn is_shown(&self, fields: &Fields) -> bool {
        let Some((name, value)) = self.only_if.split_once(' ') else { return true };
        fields.iter().any(|(field, text)| field == name && text == value)
    }

    /// Is this the field that an error of the server names?
    pub fn is_called(&self, error: &str) -> bool {
        self.name.strip_suffix(error).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// What is wrong with `typed`, if anything.
    pub fn check(&self, typed: &str) -> Result<(), String> {
        let text = typed.trim();
        match self.kind {
            FieldKind::Confirm if text != self.value => return Err("type it exactly as it is written above".to_owned()),
            FieldKind::Checks | FieldKind::Radios if typed.is_empty() && self.required => {
                return Err("choose one".to_owned());
            }
            _ if text.is_empty() && !self.required => return Ok(()),
            FieldKind::Number if text.is_empty() => return Err("enter a number".to_owned()),
            FieldKind::Number => return number(text).map(|_| ()),
            FieldKind::Pairs => return pairs(text).map(|_| ()),
            _ => {}
        }
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        match self.rule {
            Rule::Any if text.is_empty() => Err("fill this in".to_owned()),
            Rule::Any => Ok(()),
            Rule::Name => text::name(text).map(|_| ()),
            Rule::Slug => text::slug(text).map(|_| ()),
            Rule::Email => text::email(text).map(|_| ()),
            Rule::ModelName => text::model_name(text).map(|_| ()),
            Rule::ModelNames => lines().try_for_each(|line| text::model_name(line).map(|_| ())),
            Rule::Password => text::password_length(typed),
            Rule::Networks => lines().try_for_each(|line| Network::parse(line).map(|_| ())),
        }
    }
}

/// Digits as people group them.
fn number(text: &str) -> Result<u64, String> {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    text.parse().map_err(|_| "enter a whole number, such as 4096".to_owned())
}

/// A number of tokens as people type it; empty is not known.
pub fn tokens(text: &str) -> Result<Option<u32>, String> {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "enter a whole number of tokens, such as 128000".to_owned())
}

fn pairs(text: &str) -> Result<Vec<(String, Node)>, String> {
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once('=').ok_or_else(|| format!("{line:?} is no pair: write name=value"))?;
        all.push((name.trim().to_owned(), Node::Text(value.trim().to_owned())));
    }
    Ok(all)
}

/// What was entered in one field, as JSON. `None`: nothing is sent of it.
fn value_of(field: &Field, typed: &[&str]) -> Option<Node> {
    let first = typed.first().copied().unwrap_or_default();
    let text = |it: &str| Node::Text(it.to_owned());
    Some(match field.kind {
        FieldKind::Confirm | FieldKind::Words => return None,
        // A password may begin or end with a space.
        FieldKind::Password | FieldKind::NewPassword => text(first),
        FieldKind::Maybe if first.is_empty() => Node::Null,
        FieldKind::Number => number(first).map_or(Node::Null, Node::Natural),
        FieldKind::Flag => Node::Bool(!typed.is_empty()),
        FieldKind::Checks => Node::List(typed.iter().map(|it| text(it)).collect()),
        FieldKind::Lines => {
            let lines = first.lines().map(str::trim).filter(|line| !line.is_empty());
            Node::List(lines.map(text).collect())
        }
        FieldKind::Pairs => Node::Object(pairs(first).unwrap_or_default()),
        _ => text(first.trim()),
    })
}

/// The JSON to send, or everything that is wrong with it.
pub fn body(form: &Form, entered: &Fields) -> Result<String, ApiError> {
    let mut wrong = FieldErrors::default();
    let mut body = parse(&form.base).unwrap_or(Node::Null);
    for field in form.fields.iter().filter(|field| field.is_shown(entered)) {
        let mut typed = Vec::new();
        for (name, text) in entered {
            if *name == field.name {
                typed.push(text.as_str());
            }
        }
        if let Err(message) = field.check(typed.first().copied().unwrap_or_default()) {
            wrong.add(&field.name, message);
        } else if let Some(value) = value_of(field, &typed) {
            body.put(&field.name, value);
        }
    }
    wrong.finish()?;
    let mut text = String::new();
    body.write(&mut text);
    Ok(text)
}

/// A text with what the answer says at its marked places.
pub fn fill(text: &str, answer: &Node) -> String {
    let mut filled = String::new();
    for (index, part) in text.split(MARK).enumerate() {
        // Every other part stands between two marks: a place, and what to say when there is nothing.
        let (place, otherwise) = part.split_once('|').unwrap_or((part, ""));
        filled.push_str(if index % 2 == 0 {
            part
        } else {
            answer.at(place).and_then(Node::as_text).unwrap_or(otherwise)
        });
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field { name: name.to_owned(), kind, ..Field::default() }
    }

    fn form(fields: Vec<Field>) -> Form {
        Form { base: r#"{"input":{"team":"core","models":"all","n":3}}"#.to_owned(), fields, ..Form::default() }
    }

    fn sent(form: &Form, entered: &[(&str, &str)]) -> Result<String, ApiError> {
        body(form, &entered.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn what_is_entered_becomes_the_json_of_its_kind() {
        let kinds = [
            ("input.name", FieldKind::Text),
            ("input.max", FieldKind::Number),
            ("input.none", FieldKind::Number),
            ("input.task", FieldKind::Maybe),
            ("input.on", FieldKind::Flag),
            ("input.off", FieldKind::Flag),
            ("input.scopes", FieldKind::Checks),
            ("input.networks", FieldKind::Lines),
            ("input.tags", FieldKind::Pairs),
        ];
        let form = form(kinds.into_iter().map(|(name, kind)| field(name, kind)).collect());
        let entered = [
            ("input.name", " ci "),
            ("input.max", "4,096"),
            ("input.none", ""),
            ("input.task", ""),
            ("input.on", "on"),
            ("input.scopes", "a"),
            ("input.scopes", "b"),
            ("input.networks", "10.0.0.0/8\n\n ::1 "),
            ("input.tags", "stage = test"),
        ];
        let expected = r#"{"input":{"team":"core","models":"all","n":3,"name":"ci","max":4096,"none":null,"task":null,"on":true,"off":false,"scopes":["a","b"],"networks":["10.0.0.0/8","::1"],"tags":{"stage":"test"}}}"#;
        assert_eq!(sent(&form, &entered).unwrap(), expected);
    }

    #[test]
    fn token_counts_may_be_empty_or_grouped() {
        assert_eq!(tokens(""), Ok(None));
        assert_eq!(tokens("128,000"), Ok(Some(128_000)));
        assert!(tokens("128k").is_err());
        assert!(tokens("-1").is_err());
    }

    #[test]
    fn a_field_that_is_not_shown_is_neither_checked_nor_sent() {
        let mut only = field("input.models.only", FieldKind::Checks);
        "input.models only".clone_into(&mut only.only_if);
        let form = form(vec![field("input.models", FieldKind::Select), only]);
        let ticked = ("input.models.only", "a");
        assert!(sent(&form, &[("input.models", "all"), ticked]).unwrap().contains(r#""models":"all""#));
        assert!(sent(&form, &[("input.models", "only"), ticked]).unwrap().contains(r#""models":{"only":["a"]}"#));
    }

    #[test]
    fn all_wrong_fields_are_told_at_once_in_the_words_of_the_server() {
        let mut fields = vec![field("input.name", FieldKind::Text), field("input.email", FieldKind::Email)];
        fields[0].rule = Rule::Name;
        fields[0].required = true;
        fields[1].rule = Rule::Email;
        let error = sent(&form(fields), &[("input.name", " "), ("input.email", "ada")]).unwrap_err();
        assert_eq!(error.of_field("input.name"), text::name("").err().as_deref());
        assert_eq!(error.of_field("input.email"), text::email("ada").err().as_deref());
    }

    #[test]
    fn an_error_of_the_server_finds_its_field_by_the_end_of_its_name() {
        let field = field("input.price.input", FieldKind::Text);
        assert!(field.is_called("price.input") && field.is_called("input") && field.is_called("input.price.input"));
        assert!(!field.is_called("put") && !field.is_called("price"));
    }

    #[test]
    fn a_name_must_be_typed_to_go_on_and_is_not_sent() {
        let confirm = Field { value: "ci".to_owned(), ..field("", FieldKind::Confirm) };
        let form = form(vec![confirm]);
        assert!(sent(&form, &[("", "CI")]).is_err());
        assert_eq!(sent(&form, &[("", "ci")]).unwrap(), form.base);
    }

    #[test]
    fn marked_places_of_a_text_are_filled_from_the_answer() {
        let answer = parse(r#"{"key":{"name":"ci","only":["m"]},"secret":"s"}"#).unwrap();
        assert_eq!(fill("¤key.only.0|all¤ ¤key.only.1|all¤ | ¤none¤", &answer), "m all | ");
        assert_eq!(fill("Key ¤key.name¤: {\"a\": ¤secret¤}¤none¤", &answer), "Key ci: {\"a\": s}");
    }
}
