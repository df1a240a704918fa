//! Describing forms: the JSON that is sent is made of the very type that the operation takes, so that a field that the type does
//! not know cannot be sent, and each field begins with what stands at its place in it.

use serde::Serialize;
use serde_json::Value;

use crate::components::form::{Choice, Field, FieldKind, Form, Rule, Shows, Then};

/// A form in the making.
pub struct FormOf {
    base: Value,
    form: Form,
}

impl FormOf {
    /// `post` is the operation that takes `base`, once the fields have been put into it.
    pub fn new(title: impl Into<String>, post: &str, base: impl Serialize) -> Self {
        let base = serde_json::to_value(base).unwrap_or_default();
        let form = Form { title: title.into(), post: post.to_owned(), base: base.to_string(), ..Form::default() };
        Self { base, form }
    }

    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.form.text = text.into();
        self
    }

    /// One more field; what follows describes it.
    pub fn field(mut self, kind: FieldKind, name: &str, label: &str) -> Self {
        let value = initial(&self.base, name);
        self.form.fields.push(Field {
            name: name.to_owned(),
            kind,
            label: label.to_owned(),
            value,
            ..Field::default()
        });
        self
    }

    fn last(mut self, change: impl FnOnce(&mut Field)) -> Self {
        if let Some(field) = self.form.fields.last_mut() {
            change(field);
        }
        self
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.last(|field| field.hint = hint.into())
    }

    pub fn rule(self, rule: Rule) -> Self {
        self.last(|field| field.rule = rule)
    }

    pub fn required(self) -> Self {
        self.last(|field| field.required = true)
    }

    pub fn choices(self, choices: Vec<Choice>) -> Self {
        self.last(|field| field.choices = choices)
    }

    /// Counts only while another field has this value.
    pub fn only_if(self, name: &str, value: &str) -> Self {
        self.last(|field| field.only_if = format!("{name} {value}"))
    }

    /// Shares its line with as many others.
    pub fn share(self, count: u8) -> Self {
        self.last(|field| field.share = count)
    }

    /// A sentence between the fields.
    pub fn words(self, text: &str) -> Self {
        self.field(FieldKind::Words, "", text)
    }

    pub fn folded(self) -> Self {
        self.last(|field| field.folded = true)
    }

    pub fn fold(mut self, label: &str) -> Self {
        self.form.fold = label.to_owned();
        self
    }

    /// Something behind the fold is set: hiding it would be a lie.
    pub fn unfolded(mut self, is_set: bool) -> Self {
        self.form.unfolded = is_set;
        self
    }

    /// `name` must be typed to go on.
    pub fn confirm(self, name: &str) -> Self {
        let named = self.field(FieldKind::Confirm, "confirm", &format!("Type {name} to confirm"));
        named.required().last(|field| field.value = name.to_owned())
    }

    pub fn danger(mut self) -> Self {
        self.form.danger = true;
        self
    }

    /// What to ask the page for, to have the form again with the values of now.
    pub fn again(mut self, value: &str) -> Self {
        self.form.again = value.to_owned();
        self
    }

    pub fn shows(mut self, shows: Shows) -> Self {
        self.form.then.shows = Some(shows);
        self
    }

    pub fn then(mut self, then: impl FnOnce(&mut Then)) -> Self {
        then(&mut self.form.then);
        self
    }

    /// The button, and what is said when it is done.
    pub fn submit(mut self, label: &str, said: &str) -> Form {
        self.form.submit = label.to_owned();
        self.form.then.said = said.to_owned();
        self.form
    }
}

/// What stands at a field's place, as it is typed.
fn initial(base: &Value, name: &str) -> String {
    let mut value = base;
    for part in name.split('.') {
        value = value.get(part).unwrap_or(&Value::Null);
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
        Value::Object(fields) => {
            let pair = |(name, value): (&String, &Value)| match value {
                // A choice that carries something, such as the models of a key: the choice itself.
                Value::Array(_) | Value::Object(_) => name.clone(),
                _ => format!("{name}={}", plain(value)),
            };
            fields.iter().map(pair).collect::<Vec<_>>().join("\n")
        }
        _ => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_begin_with_what_the_input_says() {
        let base = json!({"input": {
            "name": "ci", "max": 4096, "none": null, "on": true, "networks": ["a", "b"], "tags": {"k": "v", "l": "w"},
            "models": {"only": ["m"]}, "all": "all",
        }});
        let expected = [
            ("name", "ci"),
            ("max", "4096"),
            ("none", ""),
            ("missing", ""),
            ("on", "true"),
            ("networks", "a\nb"),
            ("tags", "k=v\nl=w"),
            ("models", "only"),
            ("models.only", "m"),
            ("all", "all"),
            ("all.only", ""),
        ];
        for (name, text) in expected {
            assert_eq!(initial(&base, &format!("input.{name}")), text, "{name}");
        }
    }
}
