//! Settings of the instance: name, zone, what new teams store, which private addresses providers may have.

use control::{Actor, Context, Error};
use serde_json::json;

use super::{content_choices, forms::FormOf};
use crate::components::{
    form::{FieldKind, Rule},
    sheet::{Ask, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, _ask: Ask) -> Result<Sheet, Error> {
    let settings = control::settings::get(ctx, actor).await?;
    let form = FormOf::new("This instance", "settings/update", json!({ "input": settings }))
        .field(FieldKind::Text, "input.name", "Name of this instance")
        .rule(Rule::Name)
        .required()
        .field(FieldKind::Mono, "input.reporting_zone", "Reporting zone")
        .hint("IANA name such as Europe/Berlin. Times on all pages and the days of reports use it.")
        .required()
        .field(FieldKind::Radios, "input.store_content", "What new teams store of API calls")
        .choices(content_choices())
        .required()
        .field(FieldKind::Lines, "input.allow_private", "Private addresses that providers may have")
        .hint(
            "One to a line: an address with a port (127.0.0.1:9000), an address, or a range (10.0.0.0/8). Public addresses are \
             always allowed, link-local and metadata addresses never; loopback and private ones only when they stand here.",
        )
        .again("settings")
        .then(|then| then.frame = true)
        .submit("Save settings", "Settings saved");
    Ok(Sheet { forms: vec![form], ..Sheet::default() })
}
