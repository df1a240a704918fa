use super::*;
use crate::chat::{Cache, Seal};

const OLD: &str = "gemini-2.5-flash";
const NEW: &str = "gemini-3-pro-preview";

fn written(messages: &[Message], model: &str) -> (String, Vec<String>) {
    let mut dropped = Dropped::default();
    let said = write(messages, Model::new(model), &mut dropped).unwrap();
    (serde_json::to_string(&said.contents).unwrap(), dropped.0)
}

fn contents(messages: &[Message], model: &str) -> String {
    written(messages, model).0
}

fn refusal(messages: &[Message], model: &str) -> String {
    match write(messages, Model::new(model), &mut Dropped::default()) {
        Err(Error::Invalid { param, .. }) => param.unwrap(),
        other => panic!("{other:?}"),
    }
}

fn user(text: &str) -> Message {
    Message::text(Role::User, text)
}

fn assistant(parts: Vec<Part>) -> Message {
    Message { role: Role::Assistant, parts }
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned(), cache: None }
}

fn result(id: &str, content: Vec<Part>, is_error: bool) -> Message {
    Message { role: Role::Tool, parts: vec![Part::ToolResult { id: id.to_owned(), content, is_error, cache: None }] }
}

fn text_result(id: &str, text: &str) -> Message {
    result(id, vec![Part::text(text)], false)
}

fn seal(origin: Origin, text: &str, data: &str) -> Part {
    Part::Reasoning { text: text.to_owned(), seal: Some(Seal { origin, data: data.to_owned() }) }
}

fn image(image: Image, detail: Option<&str>) -> Part {
    Part::Image { image, detail: detail.map(str::to_owned), cache: None }
}

fn png() -> Image {
    Image::Inline { media_type: "image/png".to_owned(), data: "AAAA".to_owned() }
}

#[test]
fn leading_system_messages_are_the_instruction_and_a_later_one_is_refused() {
    let system = |text| Message::text(Role::System, text);
    let messages = [system("a"), system("b"), user("hi")];
    let said = write(&messages, Model::new(NEW), &mut Dropped::default()).unwrap();
    assert_eq!(serde_json::to_string(&said.system).unwrap(), r#"{"parts":[{"text":"a"},{"text":"b"}]}"#);
    assert_eq!(said.contents.len(), 1);
    assert_eq!(refusal(&[system("a"), user("hi"), system("b")], NEW), "messages[2].role");
    assert_eq!(refusal(&[system("a")], NEW), "messages");
    let picture = Message { role: Role::System, parts: vec![Part::text("a"), image(png(), None)] };
    assert_eq!(refusal(&[picture, user("hi")], NEW), "messages[0].content[1]");
}

#[test]
fn messages_of_one_side_become_one_content_and_empty_ones_none() {
    let messages = [user("a"), user("b"), assistant(vec![Part::text("")]), assistant(vec![Part::text("c")]), user("d")];
    assert_eq!(
        contents(&messages, OLD),
        r#"[{"role":"user","parts":[{"text":"a"},{"text":"b"}]},{"role":"model","parts":[{"text":"c"}]},{"role":"user","parts":[{"text":"d"}]}]"#
    );
}

#[test]
fn results_of_one_turn_stand_together_in_the_order_of_the_calls() {
    let messages = [
        user("q"),
        assistant(vec![call("call_g811c9dc5_0", "f", r#"{"n": 1.50}"#), call("call_g811c9dc5_1", "f", "")]),
        text_result("call_g811c9dc5_1", "two"),
        text_result("call_g811c9dc5_0", r#"{"ok": 1e3}"#),
        user("go on"),
        assistant(vec![call("call_g811c9dc5_0", "g", "{}")]),
        text_result("call_g811c9dc5_0", "[1]"),
    ];
    assert_eq!(
        contents(&messages, OLD),
        concat!(
            r#"[{"role":"user","parts":[{"text":"q"}]},"#,
            r#"{"role":"model","parts":[{"functionCall":{"name":"f","args":{"n": 1.50}}},{"functionCall":{"name":"f","args":{}}}]},"#,
            r#"{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"ok": 1e3}}},{"functionResponse":{"name":"f","response":{"result":"two"}}}]},"#,
            r#"{"role":"user","parts":[{"text":"go on"}]},"#,
            r#"{"role":"model","parts":[{"functionCall":{"name":"g","args":{}}}]},"#,
            r#"{"role":"user","parts":[{"functionResponse":{"name":"g","response":{"result":"[1]"}}}]}]"#,
        )
    );
}

#[test]
fn ids_go_back_unless_we_made_them() {
    for (id, written) in [
        ("toolu_1", true),
        ("call_abc", true),
        ("8f2b", true),
        ("call_g811c9dc5_12", false),
        ("call_12", true),
        ("", false),
    ] {
        let messages = [user("q"), assistant(vec![call(id, "f", "{}")]), text_result(id, "r")];
        let id = if written { format!(r#""id":"{id}","#) } else { String::new() };
        let text = contents(&messages, OLD);
        assert!(text.contains(&format!(r#"{{"functionCall":{{{id}"name":"f","args":{{}}}}}}"#)), "{text}");
        assert!(text.contains(&format!(r#"{{"functionResponse":{{{id}"name":"f","response""#)), "{text}");
    }
}

#[test]
fn a_result_is_an_object_whatever_the_tool_said() {
    let parts = |texts: &[&str]| texts.iter().map(|&text| Part::text(text)).collect::<Vec<_>>();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
    for (texts, is_error, response) in [
        (&["plain"][..], false, r#"{"result":"plain"}"#.to_owned()),
        (&[r#" {"a": 1}"#], false, r#"{"a": 1}"#.to_owned()),
        (&["{broken"], false, r#"{"result":"{broken"}"#.to_owned()),
        (&["null"], false, r#"{"result":"null"}"#.to_owned()),
        (&["a", "b"], false, r#"{"result":"a\nb"}"#.to_owned()),
        (&[], false, r#"{"result":""}"#.to_owned()),
        (&["no"], true, r#"{"error":"no"}"#.to_owned()),
        (&[r#"{"code":7}"#], true, r#"{"error":{"code":7}}"#.to_owned()),
        (&[&deep], false, format!(r#"{{"result":{}}}"#, crate::json::quote(&deep))),
    ] {
        let messages = [user("q"), assistant(vec![call("x", "f", "")]), result("x", parts(texts), is_error)];
        let text = contents(&messages, OLD);
        assert!(text.contains(&format!(r#""response":{response}}}"#)), "{text}");
    }
}

#[test]
fn a_result_without_its_call_and_broken_arguments_are_named() {
    assert_eq!(refusal(&[user("q"), text_result("x", "r")], NEW), "messages[1].tool_call_id");
    let late = [user("q"), text_result("x", "r"), assistant(vec![call("x", "f", "")])];
    assert_eq!(refusal(&late, NEW), "messages[1].tool_call_id");
    for arguments in ["[1]", "7", "{", "{} {}", "{'a':1}"] {
        let messages = [user("q"), assistant(vec![Part::text("t"), call("a", "f", "{}"), call("b", "f", arguments)])];
        assert_eq!(refusal(&messages, NEW), "messages[1].tool_calls[1].function.arguments", "{arguments}");
    }
    assert_eq!(
        refusal(&[Message { role: Role::User, parts: text_result("x", "r").parts }], NEW),
        "messages[0].content[0]"
    );
}

#[test]
fn a_signature_goes_out_on_the_part_behind_it() {
    let ours = |text, data| seal(Origin::Gemini, text, data);
    for (parts, written) in [
        (
            vec![ours("", "S"), call("a", "f", ""), call("b", "g", "")],
            r#"{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"S"},{"functionCall":{"id":"b","name":"g","args":{}}}"#,
        ),
        (
            vec![ours("hmm", "S"), Part::text("t")],
            r#"{"text":"hmm","thought":true},{"text":"t","thoughtSignature":"S"}"#,
        ),
        (vec![Part::text("t"), ours("", "S")], r#"{"text":"t"},{"text":"","thoughtSignature":"S"}"#),
        (
            vec![ours("", "S"), ours("", "T"), Part::text("t")],
            r#"{"text":"","thoughtSignature":"S"},{"text":"t","thoughtSignature":"T"}"#,
        ),
        (vec![ours("", "S"), Part::text(""), Part::text("t")], r#"{"text":"t","thoughtSignature":"S"}"#),
    ] {
        let (text, dropped) = written_turn(parts, OLD);
        assert_eq!((text.as_str(), dropped.len()), (written, 0));
    }
}

fn written_turn(parts: Vec<Part>, model: &str) -> (String, Vec<String>) {
    let (text, dropped) = written(&[user("q"), assistant(parts)], model);
    let head = r#"[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":["#;
    (text.strip_prefix(head).unwrap().strip_suffix("]}]").unwrap().to_owned(), dropped)
}

#[test]
fn reasoning_of_others_stays_here_and_is_named_once() {
    let bare = Part::Reasoning { text: "hmm".to_owned(), seal: None };
    let parts = vec![bare.clone(), seal(Origin::Anthropic, "x", "S"), seal(Origin::OpenAi, "", "T"), Part::text("t")];
    assert_eq!(written_turn(parts, OLD), (r#"{"text":"t"}"#.to_owned(), vec!["reasoning".to_owned()]));
    let (text, dropped) = written(&[user("q"), assistant(vec![bare]), user("r")], OLD);
    assert_eq!(text, r#"[{"role":"user","parts":[{"text":"q"},{"text":"r"}]}]"#);
    assert_eq!(dropped, ["reasoning"]);
}

#[test]
fn gemini_3_gets_a_stand_in_for_a_lost_signature_on_the_first_call_of_each_turn() {
    let messages = [
        user("q"),
        assistant(vec![Part::text("t"), call("a", "f", ""), call("b", "f", "")]),
        text_result("a", "r"),
        text_result("b", "r"),
        assistant(vec![seal(Origin::Gemini, "", "REAL"), call("c", "f", "")]),
        text_result("c", "r"),
        assistant(vec![call("d", "f", "")]),
        text_result("d", "r"),
    ];
    for (model, stand_ins) in [(NEW, 2), ("models/gemini-3.1-flash", 2), (OLD, 0), ("gemini-flash-latest", 0)] {
        let text = contents(&messages, model);
        assert_eq!(text.matches(UNSIGNED).count(), stand_ins, "{model}");
        assert_eq!(text.matches("REAL").count(), 1, "{model}");
    }
    let text = contents(&messages, NEW);
    let signed = |id: &str, signature: &str| {
        text.contains(&format!(
            r#"{{"functionCall":{{"id":"{id}","name":"f","args":{{}}}},"thoughtSignature":"{signature}"}}"#
        ))
    };
    assert!(signed("a", UNSIGNED) && signed("c", "REAL") && signed("d", UNSIGNED), "{text}");
    assert!(text.contains(r#"{"functionCall":{"id":"b","name":"f","args":{}}}"#), "{text}");
}

#[test]
fn images_go_out_inline_or_by_url() {
    let url = |url: &str| image(Image::Url(url.to_owned()), None);
    for (part, piece) in [
        (image(png(), None), r#"{"inlineData":{"mimeType":"image/png","data":"AAAA"}}"#),
        (
            url("https://x.example/a/b.JPG?sig=1.2"),
            r#"{"fileData":{"mimeType":"image/jpeg","fileUri":"https://x.example/a/b.JPG?sig=1.2"}}"#,
        ),
        (url("https://x.example/a.b/c"), r#"{"fileData":{"fileUri":"https://x.example/a.b/c"}}"#),
    ] {
        let messages = [Message { role: Role::User, parts: vec![part] }];
        assert_eq!(contents(&messages, OLD), format!(r#"[{{"role":"user","parts":[{piece}]}}]"#));
    }
    let message = |part| [Message { role: Role::User, parts: vec![Part::text("t"), part] }];
    assert_eq!(
        refusal(&message(url("https://x.example/a.png")), "gemini-2.0-flash"),
        "messages[0].content[1].image_url"
    );
    assert_eq!(refusal(&message(url("ftp://x.example/a.png")), NEW), "messages[0].content[1].image_url");
}

#[test]
fn images_in_results_need_gemini_3() {
    let content = vec![Part::text("seen"), image(png(), None)];
    let messages = [user("q"), assistant(vec![call("a", "f", "")]), result("a", content, false)];
    let text = contents(&messages, NEW);
    assert!(
        text.contains(
            r#""response":{"result":"seen"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]"#
        ),
        "{text}"
    );
    assert_eq!(refusal(&messages, OLD), "messages[2].content[1]");
}

#[test]
fn the_resolution_is_what_the_images_ask_for_together() {
    for (details, resolution) in [
        (&[][..], None),
        (&[None], None),
        (&[Some("auto")], None),
        (&[Some("low"), Some("low")], Some("MEDIA_RESOLUTION_LOW")),
        (&[Some("low"), Some("auto")], None),
        (&[Some("low"), Some("high")], Some("MEDIA_RESOLUTION_HIGH")),
    ] {
        let parts = details.iter().map(|detail| image(png(), *detail)).chain([Part::text("t")]).collect();
        let messages = [Message { role: Role::User, parts }];
        let said = write(&messages, Model::new(NEW), &mut Dropped::default()).unwrap();
        assert_eq!(said.media_resolution, resolution, "{details:?}");
    }
}

#[test]
fn cache_markers_are_named_once_wherever_they_stand() {
    let marked = |text: &str| Part::Text { text: text.to_owned(), cache: Some(Cache::Long) };
    let messages = [
        Message { role: Role::System, parts: vec![marked("s")] },
        Message { role: Role::User, parts: vec![marked("a"), marked("b")] },
    ];
    assert_eq!(written(&messages, NEW).1, ["cache_control"]);
}
