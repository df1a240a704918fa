//! The team switcher on top of the navigation.

use domain::team::{Me, TeamLink};

use super::sidebar::Spot;
use crate::{
    components::{
        erase::{Erase, views},
        icon::icon,
    },
    prelude::*,
};

pub fn switcher(me: Me, current: Memo<String>, spot: Spot) -> AnyView {
    let Me { instance_name, teams, .. } = me;
    let names = teams.clone();
    let shown = move || {
        let current = current.get();
        let found = names.iter().find(|team| current == team.slug).or_else(|| names.first());
        found.map_or_else(|| "No team".to_owned(), |team| team.name.clone())
    };
    let initial = {
        let shown = shown.clone();
        move || shown().chars().take(1).collect::<String>()
    };
    let menu = spot.id("teams");
    let (own, others): (Vec<TeamLink>, Vec<TeamLink>) = teams.into_iter().partition(|team| team.role.is_some());
    let list = move |caption: &'static str, teams: Vec<TeamLink>| {
        if teams.is_empty() {
            return ().into_any();
        }
        let entries = views(teams, &|team| entry(team, current));
        view! {
            <p class="menu-caption">{caption}</p>
            <ul>{entries}</ul>
        }
        .into_any()
    };
    // Behind one's own: those that an instance role lets one see.
    let (own, others) = (list("Your teams", own), list("Through your instance role", others));
    view! {
        <button class="switcher" type="button" popovertarget=menu.clone()>
            <span class="switcher-mark" aria-hidden="true">
                {move || initial()}
            </span>
            <span class="switcher-names">
                <span class="switcher-team">{move || shown()}</span>
                <span class="switcher-instance">{instance_name}</span>
            </span>
            {icon("chevrons")}
        </button>
        <div class="menu menu-top" id=menu popover="auto">
            {own}
            {others}
        </div>
    }
    .erase()
}

fn entry(team: TeamLink, current: Memo<String>) -> AnyView {
    let TeamLink { slug, name, role, .. } = team;
    let href = format!("/t/{slug}");
    let role = role.map_or("", |role| role.as_str());
    view! {
        <li>
            <a class="menu-item" href=href aria-current=move || (current.get() == slug).then_some("true")>
                <span class="menu-item-name">{name}</span>
                <span class="menu-item-note">{role}</span>
            </a>
        </li>
    }
    .erase()
}
