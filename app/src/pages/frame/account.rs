//! The person at the bottom of the navigation: theme, what is theirs, what everybody may read, sign-out.

use domain::team::Me;

use super::sidebar::Spot;
use crate::{
    components::{erase::Erase, icon::icon, theme_switch::theme_switch},
    prelude::*,
};

const PLACES: [(&str, &str, &str); 5] = [
    ("person", "Your profile", "/me"),
    ("monitor", "Your sessions", "/me/sessions"),
    ("key", "Your tokens", "/me/tokens"),
    ("shield", "Permissions", "/permissions"),
    ("code", "API reference", "/api-reference"),
];

fn entry(icon_name: &'static str, label: &'static str, href: &'static str) -> AnyView {
    view! {
        <li>
            <a class="menu-item" href=href>
                {icon(icon_name)}
                <span class="menu-item-name">{label}</span>
            </a>
        </li>
    }
    .erase()
}

pub fn account(me: Me, spot: Spot) -> AnyView {
    let Me { name, email, role, .. } = me;
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let menu = spot.id("account");
    let mut entries = Vec::new();
    for (icon_name, label, href) in PLACES {
        entries.push(entry(icon_name, label, href));
    }
    view! {
        <div class="account">
            <button class="account-button" type="button" popovertarget=menu.clone()>
                <span class="avatar" aria-hidden="true">
                    {initials}
                </span>
                <span class="account-name">{name.clone()}</span>
            </button>
            {theme_switch()}
        </div>
        <div class="menu menu-bottom" id=menu popover="auto">
            <p class="menu-caption">{email} " · " {role.as_str()}</p>
            <ul>{entries}</ul>
            // A form post: works without JavaScript and leaves nothing of the page behind.
            <form method="post" action="/sign-out">
                <button class="menu-item" type="submit">
                    {icon("exit")}
                    <span class="menu-item-name">"Sign out"</span>
                </button>
            </form>
        </div>
    }
    .erase()
}
