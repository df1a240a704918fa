//! Reading a request as strictly as its vendor does: every value knows where it stands, every complaint names the field.
//!
//! No rules of a single wire here: those are in `wire/*/read.rs`. One more vendor is one more arm in the wordings.

use serde_json::{Map, Value};

use super::endpoint::Vendor;

/// Why a vendor refuses a request. The shape it is written in is in `errors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub status: u16,
    pub message: String,
    pub field: Option<String>,
    /// OpenAI's machine-readable reason.
    pub code: Option<&'static str>,
}

pub type Checked<T> = Result<T, Complaint>;

impl Complaint {
    pub fn new(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into(), field: None, code: None }
    }

    pub fn on(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(message) }
    }

    #[must_use]
    pub fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// A value of a request and its place.
#[derive(Clone, Debug)]
pub struct At<'a> {
    pub value: &'a Value,
    pub path: String,
    vendor: Vendor,
}

impl<'a> At<'a> {
    pub fn root(value: &'a Value, vendor: Vendor) -> Self {
        Self { value, path: String::new(), vendor }
    }

    /// A field that is there; `null` counts as absent.
    pub fn field(&self, name: &str) -> Option<Self> {
        let found = self.value.get(name).or_else(|| {
            // Google's JSON form of a protobuf accepts both spellings.
            (self.vendor == Vendor::Gemini).then(|| self.value.get(snake(name))).flatten()
        });
        found.filter(|value| !value.is_null()).map(|value| self.at(name, value))
    }

    pub fn need(&self, name: &str) -> Checked<Self> {
        self.field(name).ok_or_else(|| {
            let path = self.place(name);
            let message = match self.vendor {
                Vendor::OpenAi | Vendor::Azure => format!("Missing required parameter: '{path}'."),
                Vendor::Anthropic => format!("{path}: Field required"),
                Vendor::Gemini => format!("* GenerateContentRequest.{path}: {name} is not specified"),
            };
            Complaint::on(&path, message).code("missing_required_parameter")
        })
    }

    /// The value of an optional field, read by `read`.
    pub fn maybe<T>(&self, name: &str, read: impl Fn(&Self) -> Checked<T>) -> Checked<Option<T>> {
        self.field(name).map(|at| read(&at)).transpose()
    }

    pub fn text(&self) -> Checked<&'a str> {
        self.value.as_str().ok_or_else(|| self.type_fault("a string"))
    }

    pub fn count(&self) -> Checked<u64> {
        self.value.as_u64().ok_or_else(|| self.type_fault("an integer"))
    }

    pub fn whole(&self) -> Checked<i64> {
        self.value.as_i64().ok_or_else(|| self.type_fault("an integer"))
    }

    /// A number between `least` and `most`.
    pub fn within(&self, least: f64, most: f64) -> Checked<f64> {
        let number = self.value.as_f64().ok_or_else(|| self.type_fault("a number"))?;
        if number < least || number > most {
            return Err(self.wrong(&format!("Expected a value between {least} and {most}, but got {number} instead.")));
        }
        Ok(number)
    }

    /// A whole number of at least one.
    pub fn positive(&self) -> Checked<u64> {
        match self.count()? {
            0 => Err(self.wrong("Expected a value >= 1, but got 0 instead.")),
            count => Ok(count),
        }
    }

    pub fn flag(&self) -> Checked<bool> {
        self.value.as_bool().ok_or_else(|| self.type_fault("a boolean"))
    }

    pub fn object(&self) -> Checked<&'a Map<String, Value>> {
        self.value.as_object().ok_or_else(|| self.type_fault("an object"))
    }

    pub fn items(&self) -> Checked<Vec<Self>> {
        let items = self.value.as_array().ok_or_else(|| self.type_fault("an array"))?;
        Ok(items.iter().enumerate().map(|(index, value)| self.item(index, value)).collect())
    }

    /// An array of at least one element.
    pub fn some_items(&self) -> Checked<Vec<Self>> {
        let items = self.items()?;
        if items.is_empty() {
            let text = "empty array. Expected an array with minimum length 1, but got an empty array instead.";
            return Err(self.wrong(text));
        }
        Ok(items)
    }

    pub fn list(&self, name: &str) -> Checked<Vec<Self>> {
        self.field(name).map_or(Ok(Vec::new()), |at| at.items())
    }

    pub fn one_of(&self, known: &[&'static str]) -> Checked<&'static str> {
        let text = self.text()?;
        known.iter().find(|word| **word == text).copied().ok_or_else(|| {
            let words: Vec<String> = known.iter().map(|word| format!("'{word}'")).collect();
            let path = &self.path;
            let message = match self.vendor {
                Vendor::OpenAi | Vendor::Azure => {
                    format!("Invalid value: '{text}'. Supported values are: {}. ({path})", words.join(", "))
                }
                Vendor::Anthropic => format!("{path}: Input should be {}", words.join(" or ")),
                Vendor::Gemini => format!("Invalid value at '{path}' (expected {}), \"{text}\"", words.join(", ")),
            };
            Complaint::on(path, message).code("invalid_value")
        })
    }

    /// Refuses every field that is not among `known`.
    pub fn known(&self, known: &[&str]) -> Checked<()> {
        let is_known = |name: &String| {
            known.iter().any(|word| word == name || (self.vendor == Vendor::Gemini && snake(word) == *name))
        };
        match self.object()?.keys().find(|name| !is_known(name)) {
            Some(name) => Err(self.unknown(name)),
            None => Ok(()),
        }
    }

    pub fn unknown(&self, name: &str) -> Complaint {
        let path = self.place(name);
        let message = match self.vendor {
            Vendor::OpenAi | Vendor::Azure => format!("Unknown parameter: '{path}'."),
            Vendor::Anthropic => format!("{path}: Extra inputs are not permitted"),
            Vendor::Gemini if self.path.is_empty() => {
                format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.")
            }
            Vendor::Gemini => {
                format!("Invalid JSON payload received. Unknown name \"{name}\" at '{}': Cannot find field.", self.path)
            }
        };
        Complaint::on(&path, message).code("unknown_parameter")
    }

    /// A value of the right type that cannot be.
    pub fn wrong(&self, message: &str) -> Complaint {
        let path = &self.path;
        let message = match self.vendor {
            Vendor::OpenAi | Vendor::Azure => format!("Invalid '{path}': {message}"),
            Vendor::Anthropic => format!("{path}: {message}"),
            Vendor::Gemini => format!("* GenerateContentRequest.{path}: {message}"),
        };
        Complaint::on(path, message).code("invalid_value")
    }

    fn type_fault(&self, expected: &str) -> Complaint {
        let got = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a decimal number",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        let path = &self.path;
        let message = match self.vendor {
            Vendor::OpenAi | Vendor::Azure => {
                format!("Invalid type for '{path}': expected {expected}, but got {got} instead.")
            }
            Vendor::Anthropic => format!("{path}: Input should be {expected}, not {got}"),
            Vendor::Gemini => format!("Invalid value at '{path}' (expected {expected}), {}", self.value),
        };
        Complaint::on(path, message).code("invalid_type")
    }

    fn at(&self, name: &str, value: &'a Value) -> Self {
        Self { value, path: self.place(name), vendor: self.vendor }
    }

    fn item(&self, index: usize, value: &'a Value) -> Self {
        let path = match self.vendor {
            Vendor::Anthropic => format!("{}.{index}", self.path),
            _ => format!("{}[{index}]", self.path),
        };
        Self { value, path, vendor: self.vendor }
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// `snake_case` of a `camelCase` name.
fn snake(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The known name that `name` looks like a slip of the pen for.
pub fn misspelled<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // Real fields of other vendors that are one letter away from one of ours.
    const NOT_A_SLIP: [&str; 3] = ["models", "top_k", "top_a"];
    if name.len() < 6 || NOT_A_SLIP.contains(&name) {
        return None;
    }
    known.iter().find(|word| **word != name && distance(name, word) <= 2).copied()
}

/// Levenshtein's distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for (at, against) in other.iter().enumerate() {
            let cost = corner + usize::from(letter != *against);
            corner = row[at + 1];
            row[at + 1] = cost.min(corner + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn complaints_name_the_place_in_the_vendors_own_words() {
        let body = json!({"messages": [{"role": 5}]});
        let said = |vendor| {
            let items = At::root(&body, vendor).need("messages").unwrap().items().unwrap();
            items[0].need("role").unwrap().text().unwrap_err().message
        };
        assert!(said(Vendor::OpenAi).contains("'messages[0].role': expected a string, but got an integer"));
        assert!(said(Vendor::Anthropic).starts_with("messages.0.role: "));
        assert!(said(Vendor::Gemini).contains("'messages[0].role'"));
        assert_eq!(At::root(&body, Vendor::OpenAi).need("model").unwrap_err().field.as_deref(), Some("model"));
    }

    #[test]
    fn slips_of_the_pen_are_told_from_fields_of_others() {
        let known = ["max_tokens", "temperature", "model"];
        assert_eq!(misspelled("max_token", &known), Some("max_tokens"));
        assert_eq!(misspelled("temprature", &known), Some("temperature"));
        for fine in ["models", "enable_thinking", "top_k", "vendor_first", "max_tokens", "zz"] {
            assert_eq!(misspelled(fine, &known), None, "{fine}");
        }
    }

    #[test]
    fn google_takes_both_spellings_of_a_field() {
        let body = json!({"system_instruction": {}, "generationConfig": {}});
        let root = At::root(&body, Vendor::Gemini);
        assert!(root.field("systemInstruction").is_some() && root.field("generationConfig").is_some());
        assert!(root.known(&["systemInstruction", "generationConfig"]).is_ok());
        assert!(root.known(&["generationConfig"]).unwrap_err().message.contains("\"system_instruction\""));
    }
}
