//! What items of requests and of answers share: seals with their ids, image links, the text of a reasoning item.

use serde_json::Value;

use crate::chat::{Image, Origin, Seal};

/// Of reasoning items that we made for a client: no upstream knows them.
pub const OUR_REASONING: &str = "rs_tg_";
/// Between the id of a reasoning item and its encrypted content; base64 has no such character.
const MARK: char = '#';

/// The seal of a reasoning item. Its id belongs to it. An item of our own making has the seal as it is.
pub fn seal(id: Option<&str>, encrypted: &str) -> Option<Seal> {
    let seal = Seal::from_client(encrypted, Some(Origin::OpenAi))?;
    let is_ours = id.is_some_and(|id| id.starts_with(OUR_REASONING));
    if is_ours || seal.origin != Origin::OpenAi || seal.data != encrypted {
        return Some(seal);
    }
    let id = id.filter(|id| !id.contains(MARK)).unwrap_or_default();
    let is_bare = id.is_empty() && !encrypted.contains(MARK);
    let data = if is_bare { encrypted.to_owned() } else { format!("{id}{MARK}{encrypted}") };
    Some(Seal { origin: Origin::OpenAi, data })
}

/// Id and encrypted content of a seal that [`seal`] made.
pub fn unseal(data: &str) -> (Option<&str>, &str) {
    match data.split_once(MARK) {
        Some((id, encrypted)) => (Some(id).filter(|id| !id.is_empty()), encrypted),
        None => (None, data),
    }
}

/// `data:image/png;base64,…` is the image itself; everything else is where it is.
pub fn image(url: &str) -> Image {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match inline {
        Some((media_type, data)) => Image::Inline { media_type: media_type.to_owned(), data: data.to_owned() },
        None => Image::Url(url.to_owned()),
    }
}

pub fn image_url(image: &Image) -> String {
    match image {
        Image::Url(url) => url.clone(),
        Image::Inline { media_type, data } => format!("data:{media_type};base64,{data}"),
    }
}

/// What stands between the parts of one item's reasoning.
pub const BETWEEN: &str = "\n\n";

/// The text of a reasoning item: its summary, or what it says in full where there is no summary.
pub fn reasoning_text(item: &Value) -> String {
    let text = |name: &str| texts(item, name).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(BETWEEN);
    Some(text("summary")).filter(|text| !text.is_empty()).unwrap_or_else(|| text("content"))
}

/// The texts of a list of parts, refusals too; a part without any counts as empty, so that positions hold.
pub fn texts<'a>(item: &'a Value, list: &str) -> impl Iterator<Item = &'a str> {
    item.get(list).and_then(Value::as_array).into_iter().flatten().map(part_text)
}

pub fn part_text(part: &Value) -> &str {
    let text = part.get("text").or_else(|| part.get("refusal"));
    text.and_then(Value::as_str).unwrap_or_default()
}

/// A text field that says something.
pub fn said<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    item.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_keeps_the_id_of_its_item() {
        for (id, encrypted) in [(Some("rs_1"), "gAAA=="), (None, "gAAA=="), (None, "a#b"), (Some("rs_1"), "a#b")] {
            let seal = seal(id, encrypted).unwrap();
            assert_eq!((seal.origin, unseal(&seal.data)), (Origin::OpenAi, (id, encrypted)));
        }
    }

    #[test]
    fn an_item_of_our_own_making_has_the_seal_as_it_is() {
        for data in ["gAAA", "rs_1#gAAA"] {
            assert_eq!(seal(Some("rs_tg_1_0"), data).unwrap().data, data);
        }
    }

    #[test]
    fn a_foreign_seal_keeps_its_origin_and_no_id() {
        let foreign = Seal { origin: Origin::Anthropic, data: "Eq#x".to_owned() };
        assert_eq!(seal(Some("rs_1"), &foreign.for_client(Some(Origin::OpenAi))), Some(foreign));
    }

    #[test]
    fn a_data_url_is_the_image_itself() {
        let inline = image("data:image/png;base64,iVBO");
        assert_eq!(inline, Image::Inline { media_type: "image/png".to_owned(), data: "iVBO".to_owned() });
        assert_eq!(image_url(&inline), "data:image/png;base64,iVBO");
        assert_eq!(image("https://x/y.png"), Image::Url("https://x/y.png".to_owned()));
    }
}
