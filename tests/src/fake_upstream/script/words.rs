//! Words of a model name that amend a script, for tests that reach the fake only through a gateway.
//!
//! `fake-small--words=200--pace=50`. One more field of `Script` is one more line in one of the tables below.

use std::num::NonZeroUsize;

use anyhow::{Context, Result, bail};

use super::{
    CachePlace, Cut, DataForm, Ending, ErrorBody, Fault, IdForm, LengthForm, LineEnd, Says, Script, Terminator,
    UsageForm, UsagePlace,
};

/// Changes `script` by one word, `name` or `name=value`. An unknown word is an error.
pub fn amend(script: &mut Script, word: &str) -> Result<()> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let number = |fallback: u64| match value {
        "" => Ok(fallback),
        text => text.parse::<u64>().with_context(|| format!("{name:?} needs a whole number")),
    };
    let size = |fallback: u64| Ok::<_, anyhow::Error>(usize::try_from(number(fallback)?)?);
    match name {
        "words" => script.words = Some(size(60)?),
        "head" => script.before_head_ms = number(200)?,
        "first" => script.before_first_token_ms = number(200)?,
        "pace" => script.between_tokens_ms = number(50)?,
        "drip" => script.between_pieces_ms = number(50)?,
        "bytes" => script.split_bytes = NonZeroUsize::new(size(1)?),
        "prompt" => script.prompt_tokens = Some(number(1000)?),
        "cached" => script.cached_tokens = Some(number(100)?),
        "cache-write" => script.cache_write_tokens = Some(number(100)?),
        "cache-write-long" => script.cache_write_long_tokens = Some(number(100)?),
        "think" => script.reasoning_tokens = Some(number(40)?),
        "served" => script.served_model = Some(value.into()),
        "letters" => script.speech.letters = NonZeroUsize::new(size(1)?),
        "tier" => script.service_tier = Some(value.into()),
        _ => {
            if let Some(fault) = fault(name, &size)? {
                script.fault = fault;
            } else if let Some(usage) = usage(name) {
                script.usage = usage;
            } else if !is_switch(script, name) {
                bail!("unknown script word {name:?}");
            }
        }
    }
    Ok(())
}

fn fault(name: &str, size: &dyn Fn(u64) -> Result<usize>) -> Result<Option<Fault>> {
    let frames = || size(10);
    Ok(Some(match name {
        "429" => Script::rate_limited(&size(7)?.to_string()).fault,
        "foreign" => Script::foreign(500, ErrorBody::Foreign).fault,
        "html" => Script::foreign(200, ErrorBody::Html).fault,
        "empty" => Script::foreign(200, ErrorBody::Empty).fault,
        "cut" => Script::cut_after(frames()?, Cut::Fin).fault,
        "reset" => Script::cut_after(frames()?, Cut::Rst).fault,
        "cut-head" => Fault::CutBeforeHead { how: Cut::Fin },
        "hang" => Fault::HangAfter { frames: frames()? },
        "hang-head" => Fault::HangBeforeHead,
        "error" => Fault::ErrorAfter { frames: frames()? },
        "error-usage" => Fault::ErrorWithUsageAfter { frames: frames()? },
        "bad-frame" => Fault::BadFrameAfter { frames: frames()? },
        "bad-frames" => Fault::BadFramesAfter { frames: 5, count: size(3)? },
        "bad-utf8" => Fault::BadUtf8After { frames: frames()? },
        "two-json" => Fault::TwoObjectsAfter { frames: frames()? },
        "split-json" => Fault::SplitObjectAfter { frames: frames()? },
        "bad-chunk" => Script::cut_after(frames()?, Cut::BadChunk).fault,
        "trailers" => Script::cut_after(usize::MAX, Cut::Trailers).fault,
        "gzip-bomb" => Fault::GzipBomb { megabytes: size(100)? },
        "huge-comments" => Fault::HugeCommentsAfter { frames: 5, megabytes: size(100)? },
        "huge" => Fault::HugeLineAfter { frames: 5, megabytes: size(100)? },
        _ => match name.parse::<u16>() {
            Ok(status @ 300..=599) => Script::status(status).fault,
            _ => return Ok(None),
        },
    }))
}

fn usage(name: &str) -> Option<UsageForm> {
    Some(match name {
        "no-usage" => UsageForm::Missing,
        "null-usage" => UsageForm::Null,
        "zero-usage" => UsageForm::Zero,
        "negative-usage" => UsageForm::Negative,
        "huge-usage" => UsageForm::Huge,
        "fraction-usage" => UsageForm::Fraction,
        "text-usage" => UsageForm::Text,
        "object-usage" => UsageForm::Object,
        "float-usage" => UsageForm::WholeFloat,
        "usage-twice" => UsageForm::TwoChunks,
        "cumulative" => UsageForm::Cumulative,
        "sum-mismatch" => UsageForm::SumMismatch,
        "additive" => UsageForm::AdditiveReasoning,
        "cached-above" => UsageForm::CachedAbovePrompt,
        "start-corrected" => UsageForm::StartCorrected,
        "start-zeroed" => UsageForm::StartZeroed,
        "placeholder" => UsageForm::PlaceholderStart,
        _ => return None,
    })
}

/// Words without a value; `false` when there is no such word.
fn is_switch(script: &mut Script, name: &str) -> bool {
    match name {
        "echo" => script.speech.source = Says::Echo,
        "crlf" => script.line_end = LineEnd::CrLf,
        "cr" => script.line_end = LineEnd::Cr,
        "mixed" => script.line_end = LineEnd::Mixed,
        "interim" => script.interim = true,
        "long-length" => script.length = LengthForm::TooLong,
        "short-length" => script.length = LengthForm::TooShort,
        "extra" => script.extra_fields = true,
        "comments" => script.comments = true,
        "bom" => script.bom = true,
        "tight" => script.data_form = DataForm::Tight,
        "two-lines" => script.data_form = DataForm::TwoLines,
        "ignores-cap" => script.ignores_cap = true,
        "show-thoughts" => script.shows_reasoning = true,
        "redacted" => script.redacts_reasoning = true,
        "preface" => script.speaks_before_calls = true,
        "filtered" => script.ending = Ending::ContentFilter,
        "incomplete" => script.ending = Ending::Incomplete,
        "failed" => script.ending = Ending::Failed,
        "usage-finish" => script.usage_place = UsagePlace::Finish,
        "usage-choice" => script.usage_place = UsagePlace::Choice,
        "usage-groq" => script.usage_place = UsagePlace::XGroq,
        "cache-top" => script.cache_place = CachePlace::TopLevel,
        "cache-hit-miss" => script.cache_place = CachePlace::HitMiss,
        "cache-creation" => script.cache_place = CachePlace::Creation,
        "same-id" => script.id = IdForm::Same,
        "no-id" => script.id = IdForm::Missing,
        "no-end" => script.terminator = Terminator::Missing,
        "double-end" => script.terminator = Terminator::Doubled,
        "late-data" => script.terminator = Terminator::DataAfter,
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_name_amends_the_script_and_an_unknown_word_is_refused() {
        let script = Script::default().for_model("small--words=12--pace=5--crlf").unwrap();
        assert_eq!(script, Script { line_end: LineEnd::CrLf, ..Script::paced(12, 5) });
        assert_eq!(Script::default().for_model("small--429=3").unwrap(), Script::rate_limited("3"));
        assert_eq!(Script::default().for_model("small--503").unwrap(), Script::status(503));
        assert_eq!(
            Script::default().for_model("small--additive").unwrap(),
            Script::usage(UsageForm::AdditiveReasoning)
        );
        assert_eq!(
            Script::default().for_model("small--bad-chunk=3--interim--drip=7--long-length").unwrap(),
            Script {
                interim: true,
                between_pieces_ms: 7,
                length: LengthForm::TooLong,
                ..Script::cut_after(3, Cut::BadChunk)
            }
        );
        let script = Script::default().for_model("m--error-usage=3--served=other").unwrap();
        assert_eq!(script.fault, Fault::ErrorWithUsageAfter { frames: 3 });
        assert_eq!(script.served_model.as_deref(), Some("other"));
        let script = Script::default().for_model("m--echo--letters").unwrap();
        assert_eq!((script.speech.source, script.speech.letters), (Says::Echo, NonZeroUsize::new(1)));
        assert!(Script::default().for_model("small--wrods=1").is_err());
        assert!(Script::default().for_model("small--words=many").is_err());
    }

    #[test]
    fn a_script_survives_json_and_refuses_unknown_fields() {
        let script = Script { extra_fields: true, ..Script::cut_after(3, Cut::Rst) };
        assert_eq!(Script::read(&serde_json::to_string(&script).unwrap()).unwrap(), script);
        assert!(Script::read(r#"{"wrods": 3}"#).is_err());
        assert!(Script::read(r#"{"fault": {"kind": "status", "status": 500, "boddy": "html"}}"#).is_err());
    }
}
