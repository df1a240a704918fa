//! Rows 69 to 79: the same answer, spelled in every way that is allowed.

use std::num::NonZeroUsize;

use tests::fake_upstream::{Cut, DataForm, Fault, LineEnd, Script};

use super::super::row::{Finish, MESSAGES, OWN, Row, Sees, TRANSLATED, row, settled};

pub fn framing() -> Vec<Row> {
    let plain = || Script { extra_fields: true, ..Script::words(30) };
    let lines = |line_end| Script { line_end, ..plain() };
    let pieces = |bytes, line_end| Script { split_bytes: NonZeroUsize::new(bytes), line_end, ..plain() };
    let forms = [
        ("69", "CR", lines(LineEnd::Cr)),
        ("70", "LF", lines(LineEnd::Lf)),
        ("71", "CRLF", lines(LineEnd::CrLf)),
        ("72", "mixed line ends", lines(LineEnd::Mixed)),
        ("73", "a byte order mark", Script { bom: true, ..plain() }),
        ("74", "comments", Script { comments: true, ..plain() }),
        ("75", "no space behind the colon", Script { data_form: DataForm::Tight, ..plain() }),
        ("76", "data over two lines", Script { data_form: DataForm::TwoLines, ..plain() }),
        ("77", "trailers", Script { fault: Fault::CutAfter { frames: usize::MAX, how: Cut::Trailers }, ..plain() }),
        ("78", "segments of one byte", pieces(1, LineEnd::Lf)),
        ("78", "segments of one byte, CRLF", pieces(1, LineEnd::CrLf)),
        ("79", "split inside characters", pieces(2, LineEnd::Lf)),
        ("79", "split inside characters, mixed line ends", pieces(3, LineEnd::Mixed)),
    ];
    let same = forms
        .clone()
        .map(|(id, name, script)| row(id, name, script).on(&[OWN, MESSAGES]).both(Sees::Verbatim, settled()));
    let translated = forms.map(|(id, name, script)| {
        let script = Script { extra_fields: false, ..script };
        row(id, name, script).on(TRANSLATED).both(Sees::Complete(Finish::Stop), settled())
    });
    same.into_iter().chain(translated).collect()
}
