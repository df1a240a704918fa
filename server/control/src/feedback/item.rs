//! Verdicts as they are typed and sent, checked. Pure. The first wrong field of an item is the one that is told.

use domain::{
    ApiError,
    error::FieldError,
    feedback::{Acceptance, FeedbackItem, MAX_COMMENT_CHARS, MAX_KEPT_BYTES, MAX_TAGS, Verdict},
    id::RequestId,
};

/// Characters of a tag.
const LONGEST_TAG: usize = 64;

/// One item that can be looked up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub request: RequestId,
    pub verdict: Verdict,
    pub final_text: Option<String>,
}

pub(super) fn wrong(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

pub(super) fn read(item: FeedbackItem) -> Result<Item, FieldError> {
    let FeedbackItem { request_id, outcome, edit_distance, final_text, rating, comment, tags } = item;
    let request = RequestId::parse(request_id.trim());
    let request = request.ok_or_else(|| wrong("request_id", "send the id that x-request-id named, such as req_…"))?;
    let outcome = outcome.map(|word| Acceptance::parse(&word).ok_or(())).transpose();
    let outcome = outcome.map_err(|()| wrong("outcome", "use accepted, edited or rejected"))?;
    let edit_distance = edit_distance.map(|text| share(&text).ok_or(())).transpose();
    let edit_distance = edit_distance.map_err(|()| wrong("edit_distance", "use a number from 0 to 1"))?;
    if final_text.is_some() && edit_distance.is_some() {
        return Err(wrong("final_text", "send edit_distance or final_text, not both"));
    }
    if final_text.as_ref().is_some_and(|text| text.len() > MAX_KEPT_BYTES) {
        return Err(wrong("final_text", format!("use at most {} MiB", MAX_KEPT_BYTES / 1024 / 1024)));
    }
    let rating = rating.map(|rating| u8::try_from(rating).ok().filter(|rating| (1..=5).contains(rating)).ok_or(()));
    let rating = rating.transpose().map_err(|()| wrong("rating", RATING))?;
    let verdict = Verdict { outcome, edit_distance, rating, comment, tags };
    if verdict == Verdict::default() && final_text.is_none() {
        return Err(wrong("outcome", "say at least one of outcome, edit_distance, final_text, rating, comment, tags"));
    }
    Ok(Item { request, verdict: whole(verdict)?, final_text })
}

const RATING: &str = "use a whole number from 1 to 5";

/// A verdict from the app.
pub(super) fn checked(verdict: Verdict) -> Result<Verdict, ApiError> {
    whole(verdict).map_err(|FieldError { field, message }| ApiError::field(&field, message))
}

/// What a person pasted; nothing but space is nothing.
pub(super) fn kept(text: Option<String>) -> Result<Option<String>, ApiError> {
    let text = text.filter(|text| !text.trim().is_empty());
    if text.as_ref().is_some_and(|text| text.len() > MAX_KEPT_BYTES) {
        return Err(ApiError::field("kept", format!("use at most {} MiB", MAX_KEPT_BYTES / 1024 / 1024)));
    }
    Ok(text)
}

fn whole(verdict: Verdict) -> Result<Verdict, FieldError> {
    let Verdict { outcome, edit_distance, rating, comment, tags } = verdict;
    if edit_distance.is_some_and(|parts| parts > 10_000) {
        return Err(wrong("edit_distance", "use a number from 0 to 1"));
    }
    if rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
        return Err(wrong("rating", RATING));
    }
    let comment = comment.trim().to_owned();
    if comment.chars().count() > MAX_COMMENT_CHARS || comment.contains('\0') {
        return Err(wrong("comment", format!("use at most {MAX_COMMENT_CHARS} characters, without NUL")));
    }
    let mut kept: Vec<String> = Vec::with_capacity(tags.len().min(MAX_TAGS));
    for tag in tags {
        let tag = tag.trim();
        if tag.is_empty() || tag.chars().count() > LONGEST_TAG || tag.chars().any(char::is_control) {
            return Err(wrong("tags", format!("use words of 1 to {LONGEST_TAG} characters")));
        }
        if !kept.iter().any(|known| known == tag) {
            kept.push(tag.to_owned());
        }
        if kept.len() > MAX_TAGS {
            return Err(wrong("tags", format!("use at most {MAX_TAGS} tags")));
        }
    }
    Ok(Verdict { outcome, edit_distance, rating, comment, tags: kept })
}

/// A number from 0 to 1 in ten-thousandths.
fn share(text: &str) -> Option<u16> {
    let number: f64 = text.trim().parse().ok()?;
    (0.0..=1.0).contains(&number).then(|| (number * 10_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "req_00000000000000000000000000000009";

    fn item() -> FeedbackItem {
        FeedbackItem { request_id: ID.to_owned(), outcome: Some("accepted".to_owned()), ..FeedbackItem::default() }
    }

    fn told(item: FeedbackItem) -> String {
        read(item).map_or_else(|wrong| wrong.field, |_| "good".to_owned())
    }

    #[test]
    fn fb_1_what_is_wrong_is_named_by_its_field() {
        let text = |text: &str| Some(text.to_owned());
        for (item, wanted) in [
            (item(), "good"),
            (FeedbackItem { request_id: "9".into(), ..item() }, "request_id"),
            (FeedbackItem { outcome: text("great"), ..item() }, "outcome"),
            (FeedbackItem { outcome: None, ..item() }, "outcome"),
            (FeedbackItem { outcome: None, final_text: text(""), ..item() }, "good"),
            (FeedbackItem { rating: Some(0), ..item() }, "rating"),
            (FeedbackItem { rating: Some(6), ..item() }, "rating"),
            (FeedbackItem { rating: Some(-1), ..item() }, "rating"),
            (FeedbackItem { rating: Some(257), ..item() }, "rating"),
            (FeedbackItem { rating: Some(5), ..item() }, "good"),
            (FeedbackItem { edit_distance: text("1.01"), ..item() }, "edit_distance"),
            (FeedbackItem { edit_distance: text("true"), ..item() }, "edit_distance"),
            (FeedbackItem { edit_distance: text("NaN"), ..item() }, "edit_distance"),
            (FeedbackItem { edit_distance: text("0.5"), final_text: text("x"), ..item() }, "final_text"),
            (FeedbackItem { comment: "x".repeat(MAX_COMMENT_CHARS + 1), ..item() }, "comment"),
            (FeedbackItem { comment: "\0x".into(), ..item() }, "comment"),
            (FeedbackItem { tags: vec![" ".into()], ..item() }, "tags"),
            (FeedbackItem { tags: (0..21).map(|nr| nr.to_string()).collect(), ..item() }, "tags"),
            (FeedbackItem { tags: (0..20).map(|nr| nr.to_string()).collect(), ..item() }, "good"),
        ] {
            assert_eq!(told(item.clone()), wanted, "{item:?}");
        }
    }

    #[test]
    fn fb_1_a_distance_is_kept_in_ten_thousandths() {
        for (text, parts) in [("0", 0), ("1", 10_000), ("0.25", 2_500), ("1.0", 10_000), ("5e-5", 1), (" 0.3 ", 3_000)]
        {
            assert_eq!(share(text), Some(parts), "{text}");
        }
        assert_eq!([share("-0.1"), share(""), share("inf"), share("1,0")], [None; 4]);
    }

    #[test]
    fn tags_are_kept_once_and_comments_without_the_space_around() {
        let item = FeedbackItem { tags: vec!["a".into(), " a ".into(), "b".into()], comment: " x ".into(), ..item() };
        let verdict = read(item).unwrap().verdict;
        assert_eq!((verdict.tags, verdict.comment.as_str()), (vec!["a".to_owned(), "b".to_owned()], "x"));
    }

    #[test]
    fn fb_4_a_person_may_take_everything_back() {
        assert_eq!(checked(Verdict::default()), Ok(Verdict::default()));
        assert!(checked(Verdict { rating: Some(6), ..Verdict::default() }).is_err());
        assert!(checked(Verdict { edit_distance: Some(10_001), ..Verdict::default() }).is_err());
    }
}
