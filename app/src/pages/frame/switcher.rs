//! The team switcher on top of the navigation.

use domain::team::{Me, TeamLink};
use leptos::prelude::*;

use super::sidebar::Spot;
use crate::components::icon::icon;

pub fn switcher(me: Me, current: Memo<Option<String>>, spot: Spot) -> AnyView {
    let Me { instance_name, teams, .. } = me;
    let names = teams.clone();
    let shown = move || {
        let current = current.get();
        let found = names.iter().find(|team| current.as_deref() == Some(team.slug.as_str())).or_else(|| names.first());
        found.map_or_else(|| "No team".to_owned(), |team| team.name.clone())
    };
    let initial = {
        let shown = shown.clone();
        move || shown().chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default()
    };
    let menu = spot.id("teams");
    let entries = teams.into_iter().map(|team| entry(team, current)).collect_view();
    view! {
        <button class="switcher" type="button" popovertarget=menu.clone() aria-haspopup="true">
            <span class="switcher-mark" aria-hidden="true">
                {initial}
            </span>
            <span class="switcher-names">
                <span class="switcher-team">{shown}</span>
                <span class="switcher-instance">{instance_name}</span>
            </span>
            {icon("chevrons")}
        </button>
        <div class="menu menu-top" id=menu popover="auto">
            <p class="menu-caption">"Teams"</p>
            <ul>{entries}</ul>
        </div>
    }
    .into_any()
}

fn entry(team: TeamLink, current: Memo<Option<String>>) -> AnyView {
    let TeamLink { slug, name, role, .. } = team;
    let href = format!("/t/{slug}");
    let role = role.map_or("through your instance role", |role| role.as_str());
    view! {
        <li>
            <a class="menu-item" href=href aria-current=move || (current.get().as_deref() == Some(slug.as_str())).then_some("true")>
                <span class="menu-item-name">{name}</span>
                <span class="menu-item-note">{role}</span>
            </a>
        </li>
    }
    .into_any()
}
