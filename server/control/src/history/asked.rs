//! A question as the address asks it, made a filter for one reader: what cannot be read is left out with a notice, and what
//! the reader may not see is left out of the filter.

use chrono::TimeDelta;
use domain::{
    feedback::Acceptance,
    history::{CONTENT_DAYS, Field, Filter as Condition, HistoryQuery, Op},
    id::{KeyId, RequestId, UserId},
    ledger::Outcome,
    permission::Permission,
    role::TeamRole,
    task::TaskClass,
};
use store::history::{Filter, Search};

use super::only;
use crate::{Access, Actor, Context, Error, range::Range, stamps::Stamps};

/// Most filters of one question.
const MOST_FILTERS: usize = 20;
/// Longest text that is looked for.
const LONGEST_SEARCH: usize = 200;
/// Longest value of a filter.
const LONGEST_VALUE: usize = 300;
const USUAL_DAYS: i64 = 30;
/// Searching what was said reads more than searching numbers (`product.md` HI-3).
const USUAL_DAYS_OF_CONTENT: i64 = 7;
/// Where an id is looked for.
const DAYS_OF_IDS: i64 = 3_650;

/// What is asked, for the store and for the reader.
#[derive(Debug)]
pub(super) struct Asked {
    pub filter: Filter,
    pub notices: Vec<String>,
    /// The span in words.
    pub span: String,
}

/// Without `before` and `limit`, which are a page's.
pub(super) fn read(
    ctx: &Context,
    actor: &Actor,
    team: &Access,
    stamps: Stamps,
    query: &HistoryQuery,
) -> Result<Asked, Error> {
    let HistoryQuery { team: _, filters, q, from, to, before: _, limit: _ } = query;
    let mut notices = Vec::new();
    let conditions = conditions(filters, &mut notices);
    let (search, user) = search(actor, team, q, &mut notices)?;
    let days = match &search {
        Some(search) if is_id(&search.words) => DAYS_OF_IDS,
        Some(search) if search.content => USUAL_DAYS_OF_CONTENT,
        _ => USUAL_DAYS,
    };
    let now = ctx.clock.now();
    let range = Range::read(stamps, now, from, to, TimeDelta::days(days), &mut notices);
    if range.from < now - TimeDelta::days(CONTENT_DAYS.into()) && days != DAYS_OF_IDS {
        notices.push("older content is gone, numbers remain".to_owned());
    }
    let span = range.words(stamps);
    let Range { from, to } = range;
    let filter = Filter { conditions, from: Some(from), to, search, user, ..Filter::default() };
    Ok(Asked { filter, notices, span })
}

/// What is looked for, and whose rows alone. What was said is searched where the reader may read it, and nowhere else: in the
/// whole team by its admins, in their own requests by members.
fn search(
    actor: &Actor,
    team: &Access,
    typed: &str,
    notices: &mut Vec<String>,
) -> Result<(Option<Search>, Option<UserId>), Error> {
    let user = only(actor, team)?;
    let words = typed.trim();
    if words.is_empty() {
        return Ok((None, user));
    }
    if words.len() > LONGEST_SEARCH || words.contains('\0') {
        notices.push(format!("the search was left out: look for at most {LONGEST_SEARCH} bytes of text"));
        return Ok((None, user));
    }
    let search = |content| Some(Search { words: words.to_owned(), content });
    if is_id(words) {
        return Ok((search(false), user));
    }
    if !actor.may(Permission::ReadContent, team) {
        notices.push("only ids were searched: what was said is read by members of the team".to_owned());
        return Ok((search(false), user));
    }
    if team.role == Some(TeamRole::Admin) || user.is_some() {
        return Ok((search(true), user));
    }
    notices.push("only your own requests were searched: what others said is read by admins of the team".to_owned());
    Ok((search(true), Some(actor.user().ok_or(Error::NeedsPerson)?)))
}

/// A whole id, or the beginning of one as clients see it.
fn is_id(words: &str) -> bool {
    let begun = words.strip_prefix("req_").filter(|digits| !digits.is_empty());
    RequestId::parse(words).is_some() || begun.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Filters of one field and comparison are one: any of their values.
fn conditions(texts: &[String], notices: &mut Vec<String>) -> Vec<Condition> {
    let mut conditions: Vec<Condition> = Vec::new();
    for text in texts.iter().take(MOST_FILTERS) {
        match condition(text) {
            Ok(new) => {
                let is_same = |known: &&mut Condition| {
                    known.field == new.field && known.op == new.op && matches!(new.op, Op::In | Op::Not)
                };
                match conditions.iter_mut().find(is_same) {
                    Some(known) => known.values.extend(new.values),
                    None => conditions.push(new),
                }
            }
            Err(reason) => notices.push(format!("the filter {:?} was left out: {reason}", shortened(text))),
        }
    }
    if texts.len() > MOST_FILTERS {
        notices.push(format!("only the first {MOST_FILTERS} filters count"));
    }
    conditions
}

fn condition(text: &str) -> Result<Condition, String> {
    let name = text.split(':').next().unwrap_or_default();
    if Field::parse(name).is_none() {
        return Err(format!("there is no field {:?}", shortened(name)));
    }
    let filter = Condition::parse(text).ok_or("write it as field:in:value, or field:gte:number for amounts")?;
    match filter.values.iter().find(|value| !is_value(filter.field, value)) {
        Some(wrong) => Err(format!("{} has no value {:?}", filter.field.as_str(), shortened(wrong))),
        None => Ok(filter),
    }
}

/// Could any request have this value?
fn is_value(field: Field, value: &str) -> bool {
    match field {
        Field::Status => value == "running" || Outcome::parse(value).is_some(),
        Field::Task => value == "none" || TaskClass::parse(value).is_some(),
        Field::Verdict => value == "none" || Acceptance::parse(value).is_some(),
        Field::Origin => matches!(value, "api" | "playground" | "run" | "probe"),
        Field::Flag => matches!(value, "uncertain" | "unpriced" | "overrun" | "estimated"),
        Field::Key => value.parse::<KeyId>().is_ok(),
        Field::Person => value.parse::<UserId>().is_ok(),
        Field::Tag => value.contains('=') && is_text(value),
        Field::Model | Field::Provider | Field::Dialect => is_text(value),
        // The filter itself takes whole numbers only.
        Field::Cost | Field::Latency | Field::Tokens => true,
    }
}

fn is_text(value: &str) -> bool {
    value.len() <= LONGEST_VALUE && !value.contains('\0')
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> (Vec<String>, Vec<String>) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let mut notices = Vec::new();
        let conditions = conditions(&texts, &mut notices);
        (conditions.iter().map(Condition::text).collect(), notices)
    }

    #[test]
    fn hi_2_any_of_inside_a_field_and_all_of_between_fields() {
        let (conditions, notices) =
            read(&["model:in:a,b", "status:in:timeout", "model:in:c", "model:not:d", "cost:gte:5", "cost:lt:9"]);
        let wanted = ["model:in:a,b,c", "status:in:timeout", "model:not:d", "cost:gte:5", "cost:lt:9"];
        assert_eq!((conditions, notices.len()), (wanted.map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn hi_2_an_unknown_field_is_left_out_with_a_notice_that_names_it() {
        let (conditions, notices) = read(&["colour:in:red", "model:in:a"]);
        assert_eq!(conditions, ["model:in:a"]);
        assert_eq!(notices, ["the filter \"colour:in:red\" was left out: there is no field \"colour\""]);
    }

    #[test]
    fn hi_2_values_that_nothing_can_have_are_left_out_with_a_notice() {
        for (filter, reason) in [
            ("status:in:broken", "status has no value \"broken\""),
            ("task:in:none,guessing", "task has no value \"guessing\""),
            ("key:in:ci", "key has no value \"ci\""),
            ("person:not:ada", "person has no value \"ada\""),
            ("flag:in:odd", "flag has no value \"odd\""),
            ("verdict:in:great", "verdict has no value \"great\""),
            ("origin:in:moon", "origin has no value \"moon\""),
            ("tag:in:core", "tag has no value \"core\""),
            ("model:gte:1", "write it as field:in:value, or field:gte:number for amounts"),
            ("model", "write it as field:in:value, or field:gte:number for amounts"),
            ("model:in:a\0", "model has no value \"a\\0\""),
        ] {
            let (conditions, notices) = read(&[filter]);
            assert!(conditions.is_empty(), "{filter}");
            assert!(notices[0].ends_with(reason), "{filter}: {notices:?}");
        }
    }

    #[test]
    fn endless_filters_are_cut_with_a_notice() {
        let many: Vec<String> = (0..50).map(|nr| format!("cost:gte:{nr}")).collect();
        let mut notices = Vec::new();
        assert_eq!(conditions(&many, &mut notices).len(), MOST_FILTERS);
        assert_eq!(notices, ["only the first 20 filters count"]);
    }
}
