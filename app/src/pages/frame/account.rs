//! The person at the bottom of the navigation: theme, sessions, sign-out.

use domain::team::Me;

use super::sidebar::Spot;
use crate::{
    components::{erase::Erase, icon::icon, theme_switch::theme_switch},
    prelude::*,
};

pub fn account(me: Me, spot: Spot) -> AnyView {
    let Me { name, email, role, .. } = me;
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let menu = spot.id("account");
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
            <ul>
                <li>
                    <a class="menu-item" href="/me/sessions">
                        {icon("monitor")}
                        <span class="menu-item-name">"Your sessions"</span>
                    </a>
                </li>
            </ul>
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
