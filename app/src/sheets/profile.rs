//! What a person changes of themselves: how they are called, how pages look, their password.

use control::{Actor, Context, Error};
use domain::person::{Density, PasswordChange, Profile, Theme};
use serde_json::json;

use super::{choice, forms::FormOf};
use crate::components::{
    form::{FieldKind, Form, Rule},
    sheet::{Ask, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, _ask: Ask) -> Result<Sheet, Error> {
    let profile = control::profile::get(ctx, actor).await?;
    Ok(Sheet { forms: vec![profile_form(profile), password_form()], ..Sheet::default() })
}

fn profile_form(profile: Profile) -> Form {
    let theme = |theme: Theme, label| choice(theme.as_str(), label, "");
    let density = |density: Density, label| choice(density.as_str(), label, "");
    FormOf::new("Profile", "profile/update", json!({ "input": profile }))
        .field(FieldKind::Text, "input.name", "Name")
        .rule(Rule::Name)
        .required()
        .field(FieldKind::Mono, "input.zone", "Time zone")
        .hint("IANA name such as Europe/Berlin: times on your pages are in it. Empty: the instance's.")
        .field(FieldKind::Select, "input.theme", "Theme")
        .choices(vec![theme(Theme::System, "As the system"), theme(Theme::Light, "Light"), theme(Theme::Dark, "Dark")])
        .field(FieldKind::Select, "input.density", "Density of tables")
        .choices(vec![density(Density::Comfortable, "Comfortable"), density(Density::Compact, "Compact")])
        .then(|then| {
            then.frame = true;
            then.look = true;
        })
        .submit("Save profile", "Profile saved")
}

fn password_form() -> Form {
    let input = PasswordChange { current: String::new(), new: String::new() };
    FormOf::new("Password", "profile/change_password", json!({ "input": input }))
        .text("Ends your sessions in all other browsers.")
        .field(FieldKind::Password, "input.current", "Current password")
        .required()
        .field(FieldKind::NewPassword, "input.new", "New password")
        .hint("At least 12 characters. Any characters, no other rules.")
        .rule(Rule::Password)
        .required()
        .submit("Change password", "Password changed")
}
