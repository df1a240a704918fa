//! Does the client see what the matrix says: status, error in its own dialect, the honest end of a stream?

use serde_json::Value;
use tests::{Answer, dialect::Dialect};

use super::{
    row::{Finish, OWN, Problem, Sees},
    stage::{Call, Record},
};

pub fn check(call: &Call<'_>, record: &Record<'_>) -> Result<(), String> {
    let (answer, dialect) = (&call.answer, call.route.0);
    let result = if answer.is_broken {
        Err("the connection broke under the answer".to_owned())
    } else if !answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")) {
        Err("no request id".to_owned())
    } else {
        match call.cell.sees {
            Sees::Complete(finish) => complete(call, finish),
            Sees::Verbatim => verbatim(call, record),
            Sees::Refused(problem) => refused(answer, dialect, problem),
            Sees::Passed(status) => passed(answer, status),
            Sees::Broken(problem) => broken(answer, dialect, Some(problem)),
            Sees::BrokenByUpstream => broken(answer, dialect, None),
        }
    };
    let shown: String = answer.text().chars().rev().take(700).collect::<Vec<_>>().into_iter().rev().collect();
    result.map_err(|error| {
        format!("client: expected {:?}: {error}\n  {} {:?}\n  …{shown}", call.cell.sees, answer.status, answer.headers)
    })
}

fn complete(call: &Call<'_>, finish: Finish) -> Result<(), String> {
    let Call { answer, route, stream, .. } = call;
    if answer.status != 200 {
        return Err("not a 200".to_owned());
    }
    let (said, word) = match (stream, *route) {
        // Bytes that pass may lack what no client should lack, such as an id.
        (false, OWN) => {
            let choice = &answer.json()["choices"][0];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&choice["message"]["content"]), text(&choice["finish_reason"]))
        }
        (_, (dialect, _)) => {
            let said = dialect.read(answer, *stream).map_err(|error| format!("{error:#}"))?;
            (said.text, said.finish)
        }
    };
    let wanted = finish.word(route.0);
    if word != wanted || said.is_empty() && !matches!(finish, Finish::Failed) {
        return Err(format!("ended with {word:?} instead of {wanted:?}, and said {said:?}"));
    }
    let ends = answer.data().iter().filter(|data| **data == "[DONE]").count();
    if *stream && route.0 == Dialect::Chat && ends != 1 { Err(format!("{ends} end markers")) } else { Ok(()) }
}

/// All that differs is the receipt, which is a comment of ours, and a byte order mark, which belongs to the transport.
fn verbatim(call: &Call<'_>, record: &Record<'_>) -> Result<(), String> {
    if call.answer.status != 200 || record.exchange.sent.is_empty() {
        return Err("no answer".to_owned());
    }
    let mut got = call.answer.text().to_owned();
    if let Some(start) = got.find(": tallygate ") {
        let end = got[start..].find("\n\n").ok_or("a receipt without an end")? + 2;
        got.replace_range(start..start + end, "");
    }
    let sent = std::str::from_utf8(&record.exchange.sent).map_err(|error| error.to_string())?;
    let sent = sent.strip_prefix('\u{feff}').unwrap_or(sent);
    // The line feed of a CRLF that was cut in two may come after the end.
    let ends: &[char] = if call.stream { &['\r', '\n'] } else { &[] };
    if got.trim_end_matches(ends) == sent.trim_end_matches(ends) {
        return Ok(());
    }
    let at = got.bytes().zip(sent.bytes()).position(|(one, other)| one != other).unwrap_or(got.len().min(sent.len()));
    let around = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(40).min(text.len())..(at + 40).min(text.len())])
            .into_owned()
    };
    Err(format!("differs at {at}: {:?} instead of {:?}", around(&got), around(sent)))
}

fn refused(answer: &Answer, dialect: Dialect, problem: Problem) -> Result<(), String> {
    let (status, ..) = problem.facts(dialect);
    if answer.status != status || answer.header("content-type") != Some("application/json") {
        return Err(format!("not a plain {status}"));
    }
    if answer.header("retry-after") != problem.wait() {
        return Err(format!("retry-after {:?} instead of {:?}", answer.header("retry-after"), problem.wait()));
    }
    let body = answer.json();
    if body["error"]["tallygate"]["request_id"].as_str() != answer.header("x-request-id") {
        return Err("the error does not name the request".to_owned());
    }
    error(&body, dialect, problem)
}

/// The error object of a dialect.
fn error(body: &Value, dialect: Dialect, problem: Problem) -> Result<(), String> {
    let (_, error_type, code, kind) = problem.facts(dialect);
    let error = &body["error"];
    let is_shaped = dialect != Dialect::Messages || body["type"] == "error" && body["request_id"].is_string();
    let is_right = error["type"] == error_type
        && error["code"].as_str() == code
        && error["tallygate"]["kind"] == kind
        && error["message"].as_str().is_some_and(|message| message.len() > 10);
    if is_right && is_shaped { Ok(()) } else { Err(format!("not {error_type} {code:?} {kind}")) }
}

fn passed(answer: &Answer, status: u16) -> Result<(), String> {
    let error = &answer.json()["error"];
    let has_words = error["message"].as_str().is_some_and(|message| message.len() > 20);
    if answer.status == status && error["type"] == "invalid_request_error" && has_words {
        Ok(())
    } else {
        Err(format!("not the provider's own {status}"))
    }
}

/// Content, an error event as the last event, and nothing that says the answer is complete.
fn broken(answer: &Answer, dialect: Dialect, problem: Option<Problem>) -> Result<(), String> {
    let is_stream = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    if answer.status != 200 || !is_stream {
        return Err("not a stream that began".to_owned());
    }
    let events: Vec<Value> = answer.data().iter().map(|data| serde_json::from_str(data).unwrap_or_default()).collect();
    let Some((last, before)) = events.split_last() else { return Err("an empty stream".to_owned()) };
    if !before.iter().any(|event| has_content(event, dialect)) {
        return Err("no content before the end".to_owned());
    }
    let ends = ["message_stop", "response.completed", "response.incomplete"];
    if answer.data().contains(&"[DONE]") || events.iter().any(|event| ends.iter().any(|end| event["type"] == *end)) {
        return Err("a broken stream says that it is complete".to_owned());
    }
    match problem {
        Some(problem) if dialect == Dialect::Responses && last["type"] != "error" => {
            Err(format!("the last event is no error: {problem:?}"))
        }
        Some(problem) => error(last, dialect, problem),
        None => {
            let words = [&last["error"]["message"], &last["message"], &last["response"]["error"]["message"]];
            let has_words = words.iter().any(|words| words.is_string());
            if has_words { Ok(()) } else { Err("the last event is not the provider's error".to_owned()) }
        }
    }
}

fn has_content(event: &Value, dialect: Dialect) -> bool {
    let text = match dialect {
        Dialect::Chat => &event["choices"][0]["delta"]["content"],
        Dialect::Messages => &event["delta"]["text"],
        Dialect::Responses => &event["delta"],
    };
    text.as_str().is_some_and(|text| !text.is_empty())
}
