//! What a client may add in `x-tallygate-*` headers (`product.md` 5.2). An unknown one is refused: a silently ignored typo
//! costs money. One more: a line in `KNOWN` and its branch in `read`.

use std::{collections::BTreeMap, time::Duration};

use domain::{task::TaskClass, team::StoreContent};
use http::{HeaderMap, HeaderName, HeaderValue};
use llm::wire::Wire;
use store::attempts::Labels;

use crate::{error::Error, snapshot::KeyLabels};

const PREFIX: &str = "x-tallygate-";
const DEADLINE: &str = "x-tallygate-deadline-ms";
const FALLBACK: &str = "x-tallygate-fallback";
const TASK: &str = "x-tallygate-task";
const TAGS: &str = "x-tallygate-tags";
const CONVERSATION: &str = "x-tallygate-conversation";
const STORE: &str = "x-tallygate-store";
const KNOWN: &[&str] = &[CONVERSATION, DEADLINE, FALLBACK, STORE, TAGS, TASK];
/// How coding assistants name their sessions, in the order of trust.
const SESSIONS: &[&str] = &["x-claude-code-session-id", "x-session-id", "session_id"];

/// Longest a call may take.
pub(crate) const DEADLINE_DEFAULT: Duration = Duration::from_secs(600);
const MOST_TAGS: usize = 16;
const LONGEST_TAG_KEY: usize = 40;
const LONGEST_TAG: usize = 100;
const LONGEST_CONVERSATION: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub deadline: Duration,
    pub may_retry: bool,
    /// The loosest policy the client allows.
    pub store: StoreContent,
    pub labels: Labels,
}

/// Reads the headers, and the client's own metadata: tags that headers do not name come from there, and what neither names
/// from the key.
pub(crate) fn read(headers: &HeaderMap, metadata: &[(String, String)], usual: &KeyLabels) -> Result<Options, Error> {
    let labels = Labels { task: None, tags: Vec::new(), conversation: session(headers) };
    let mut options = Options { deadline: DEADLINE_DEFAULT, may_retry: true, store: StoreContent::Full, labels };
    // What a body brings may be anything; what is no tag is not one of ours to refuse.
    let mut tags: BTreeMap<String, String> = metadata.iter().filter(|tag| is_tag(tag)).cloned().collect();
    for (name, value) in headers.iter().filter(|(name, _)| name.as_str().starts_with(PREFIX)) {
        match name.as_str() {
            DEADLINE => options.deadline = deadline(value)?,
            FALLBACK => options.may_retry = choose(name, value, &[("on", true), ("off", false)])?,
            STORE => options.store = store(value)?,
            TASK => {
                let known: Vec<_> = TaskClass::ALL.into_iter().map(|task| (task.as_str(), task)).collect();
                options.labels.task = Some(choose(name, value, &known)?);
            }
            TAGS => tags.extend(read_tags(value)?),
            CONVERSATION => options.labels.conversation = Some(conversation(value)?),
            unknown => return Err(wrong(unknown, format!("there is no such option; known are: {}", KNOWN.join(", ")))),
        }
    }
    let named = |tags: &BTreeMap<String, String>| tags.get("task").and_then(|task| TaskClass::parse(task));
    let task = options.labels.task.or_else(|| named(&tags)).or(usual.task).or_else(|| named(&usual.tags));
    options.labels.task = task;
    options.labels.tags = with_usual(tags, &usual.tags);
    Ok(options)
}

/// The call's own tags, and those of its key that it does not name, as far as there is room. Sorted by name.
fn with_usual(own: BTreeMap<String, String>, usual: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut tags: BTreeMap<String, String> = own.into_iter().take(MOST_TAGS).collect();
    for (name, value) in usual {
        if tags.len() < MOST_TAGS && !tags.contains_key(name) {
            tags.insert(name.clone(), value.clone());
        }
    }
    tags.into_iter().collect()
}

fn wrong(name: &str, message: impl Into<String>) -> Error {
    Error::Header { name: name.to_owned(), message: message.into() }
}

fn choose<T: Copy>(name: &HeaderName, value: &HeaderValue, known: &[(&str, T)]) -> Result<T, Error> {
    let found = value.to_str().ok().and_then(|text| known.iter().find(|(word, _)| *word == text));
    let words = || known.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    found.map(|(_, meaning)| *meaning).ok_or_else(|| wrong(name.as_str(), format!("use one of: {}", words())))
}

fn deadline(value: &HeaderValue) -> Result<Duration, Error> {
    let longest = DEADLINE_DEFAULT.as_millis();
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
        .filter(|ms| *ms > 0 && u128::from(*ms) <= longest)
        .map(|ms| Duration::from_millis(ms.into()))
        .ok_or_else(|| wrong(DEADLINE, format!("use 1 to {longest} milliseconds")))
}

/// It can only tighten, so `full` changes nothing.
fn store(value: &HeaderValue) -> Result<StoreContent, Error> {
    let policy = value.to_str().ok().and_then(StoreContent::parse);
    policy.ok_or_else(|| wrong(STORE, "use one of: full, redacted, metadata"))
}

fn conversation(value: &HeaderValue) -> Result<String, Error> {
    let text = value.to_str().ok().map(str::trim).filter(|text| (1..=LONGEST_CONVERSATION).contains(&text.len()));
    let message = format!("use 1 to {LONGEST_CONVERSATION} visible characters");
    text.map(str::to_owned).ok_or_else(|| wrong(CONVERSATION, message))
}

fn session(headers: &HeaderMap) -> Option<String> {
    SESSIONS.iter().find_map(|name| headers.get(*name).and_then(|value| conversation(value).ok()))
}

/// `repo=core,ticket=42`.
fn read_tags(value: &HeaderValue) -> Result<Vec<(String, String)>, Error> {
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| wrong(TAGS, "use UTF-8 text"))?;
    let tags: Option<Vec<(String, String)>> = text
        .split(',')
        .map(|tag| tag.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())))
        .collect();
    let tags = tags.filter(|tags| tags.len() <= MOST_TAGS && tags.iter().all(is_tag));
    let rule = format!(
        "use up to {MOST_TAGS} pairs such as repo=core,ticket=42: keys of 1 to {LONGEST_TAG_KEY} letters, digits, dots, dashes and underscores, values of 1 to {LONGEST_TAG} characters"
    );
    tags.ok_or_else(|| wrong(TAGS, rule))
}

fn is_tag((key, value): &(String, String)) -> bool {
    let is_key_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_TAG_KEY).contains(&key.len())
        && key.bytes().all(is_key_byte)
        && (1..=LONGEST_TAG).contains(&value.chars().count())
        && !value.chars().any(char::is_control)
}

/// The client's headers that an upstream of the same wire may see.
pub(crate) fn passed(headers: &HeaderMap, wire: Wire) -> HeaderMap {
    let is_passed = |name: &HeaderName| match wire {
        Wire::Anthropic | Wire::AnthropicCount => name.as_str().starts_with("anthropic-"),
        _ => name == "openai-beta",
    };
    headers.iter().filter(|(name, _)| is_passed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    fn options(name: &'static str, value: &'static str) -> Result<Options, Error> {
        read(&with(name, value), &[], &KeyLabels::default())
    }

    #[test]
    fn gw_15_a_typo_is_refused_with_the_list_of_what_exists() {
        let error = options("x-tallygate-dedline-ms", "5").unwrap_err();
        KNOWN.iter().for_each(|known| assert!(error.to_string().contains(known)));
    }

    #[test]
    fn gw_14_a_deadline_can_only_be_shorter_than_the_usual_one() {
        assert_eq!(options(DEADLINE, "250").unwrap().deadline, Duration::from_millis(250));
        for wrong in ["0", "-1", "1.5", "600001", "soon"] {
            assert!(options(DEADLINE, wrong).is_err(), "{wrong}");
        }
        assert!(!options(FALLBACK, "off").unwrap().may_retry);
        assert!(options(FALLBACK, "no").is_err());
    }

    #[test]
    fn gw_10_a_task_is_one_of_the_classes() {
        assert_eq!(options(TASK, "bug_fix").unwrap().labels.task, Some(TaskClass::BugFix));
        assert!(options(TASK, "fun").unwrap_err().to_string().contains("boilerplate"));
    }

    #[test]
    fn gw_11_tags_come_from_the_header_and_from_metadata_and_the_header_wins() {
        let metadata = [("repo", "old"), ("team", "x"), ("bad key", "x"), ("task", "review")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let read = read(&with(TAGS, "repo=core, ticket=42"), &metadata, &KeyLabels::default()).unwrap();
        let tags: Vec<String> = read.labels.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(tags, ["repo=core", "task=review", "team=x", "ticket=42"]);
        assert_eq!(read.labels.task, Some(TaskClass::Review));
        for wrong in ["repo", "=x", "a=", "a b=c", "a=1,,b=2"] {
            assert!(options(TAGS, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ky_3_a_keys_tags_and_task_fill_what_the_call_leaves_open_and_the_calls_own_win() {
        let text = |tags: &[(&str, &str)]| -> BTreeMap<String, String> {
            tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let usual = KeyLabels { tags: text(&[("repo", "main"), ("team", "core")]), task: Some(TaskClass::Tests) };
        let labels = |headers: &HeaderMap| read(headers, &[], &usual).unwrap().labels;
        let pairs = |labels: &Labels| -> Vec<String> {
            labels.tags.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };

        let quiet = labels(&HeaderMap::new());
        assert_eq!((pairs(&quiet), quiet.task), (vec!["repo=main".into(), "team=core".into()], Some(TaskClass::Tests)));
        let own = labels(&with(TAGS, "repo=fork,zone=x"));
        assert_eq!(pairs(&own), ["repo=fork", "team=core", "zone=x"]);
        assert_eq!(labels(&with(TASK, "review")).task, Some(TaskClass::Review));
        assert_eq!(labels(&with(TAGS, "task=review")).task, Some(TaskClass::Review));

        let full: Vec<(String, String)> = (0..MOST_TAGS).map(|i| (format!("t{i:02}"), "x".to_owned())).collect();
        let crowded = read(&HeaderMap::new(), &full, &usual).unwrap().labels;
        assert_eq!(crowded.tags, full, "the key's tags take no room from the call's own");
    }

    #[test]
    fn gw_12_a_conversation_is_named_by_our_header_or_by_the_assistants_own() {
        assert_eq!(options("x-claude-code-session-id", "s1").unwrap().labels.conversation.as_deref(), Some("s1"));
        let mut headers = with("x-claude-code-session-id", "s1");
        headers.insert(CONVERSATION, HeaderValue::from_static("mine"));
        assert_eq!(read(&headers, &[], &KeyLabels::default()).unwrap().labels.conversation.as_deref(), Some("mine"));
        assert!(options(CONVERSATION, "").is_err());
    }

    #[test]
    fn gw_13_a_request_names_its_own_content_policy() {
        assert_eq!(options(STORE, "metadata").unwrap().store, StoreContent::Metadata);
        assert!(options(STORE, "nothing").is_err());
    }

    #[test]
    fn credentials_cookies_and_forwarding_headers_stay_here() {
        for name in ["authorization", "x-api-key", "api-key", "cookie", "x-forwarded-for", "host", "te"] {
            for wire in [Wire::OpenAiChat, Wire::Anthropic] {
                assert!(passed(&with(name, "x"), wire).is_empty(), "{name}");
            }
        }
        assert_eq!(passed(&with("openai-beta", "x"), Wire::Responses).len(), 1);
        assert_eq!(passed(&with("anthropic-beta", "x"), Wire::Anthropic).len(), 1);
        assert_eq!(passed(&with("anthropic-beta", "x"), Wire::OpenAiChat).len(), 0);
    }
}
