//! What is done on which card: every kind of order on the card products where it makes sense.

use cardwright_issuance::kind::OrderKind;

use super::bench::Word;
use super::house::{Wanted, file};

/// An order with its fields.
#[derive(Debug, Clone)]
pub struct Asked {
    /// the kind's name
    pub kind: &'static str,
    /// the profile's name; empty where the kind needs none
    pub profile: &'static str,
    /// what the kind needs to know
    pub argument: &'static str,
    /// the profile's fields
    pub fields: &'static [(&'static str, &'static str)],
}

/// One row of the matrix: a kind of order on a card product.
#[derive(Debug, Clone)]
pub struct Plan {
    /// what it is called
    pub name: String,
    /// the card product
    pub product: &'static str,
    /// texts of the profiles that are imported
    pub profiles: Vec<String>,
    /// how the card is issued, where the order wants one that is in use
    pub first: Option<Asked>,
    /// what else is done on it before
    pub earlier: Vec<Asked>,
    /// the order
    pub order: Asked,
    /// whether the operator confirms that an application may be deleted first
    pub confirms_deletion: bool,
}

impl Asked {
    pub(super) fn wanted(&self) -> Wanted<'static> {
        let Self { kind, profile, argument, fields } = *self;
        Wanted { reference: "", kind, profile, card: "", argument, fields }
    }
}

impl Plan {
    /// The kind of the order.
    ///
    /// # Panics
    /// For a kind that there is not.
    #[must_use]
    pub fn kind(&self) -> OrderKind {
        OrderKind::named(self.order.kind).expect("a kind of order")
    }

    pub(super) fn is_of_payment_cards(&self) -> bool {
        self.order.profile.starts_with("emv")
            || self.first.as_ref().is_some_and(|first| first.profile.starts_with("emv"))
    }

    pub(super) fn needs_card(&self) -> bool {
        self.first.is_some()
    }

    pub(super) fn first<'a>(&self, reference: &'a str) -> Wanted<'a> {
        let first = self.first.as_ref().map(Asked::wanted).expect("asked only where there is one");
        Wanted { reference, ..first }
    }

    pub(super) fn names<'a>(&self, first: &'a str) -> &'a str {
        if self.needs_card() { first } else { "" }
    }

    pub(super) fn desk(&self) -> Word<'static> {
        if self.confirms_deletion { Word::DeletionConfirmed } else { Word::Desk }
    }
}

const HOLDER: &[(&str, &str)] = &[("name", "Ada Example"), ("card_number", "6200001234567801"), ("pin", "4711")];
const MARRIED: &[(&str, &str)] = &[("name", "Ada Married"), ("card_number", "6200001234567801")];
const MARRIED_WHOLE: &[(&str, &str)] = &[("name", "Ada Married"), ("card_number", "6200001234567801"), ("pin", "4711")];
const OTHER_PIN: &[(&str, &str)] = &[("pin", "990099")];

fn asked(kind: &'static str, profile: &'static str, fields: &'static [(&'static str, &'static str)]) -> Asked {
    Asked { kind, profile, argument: "", fields }
}

/// Every plan there is.
#[must_use]
pub fn all() -> Vec<Plan> {
    let proven = ["scp03-i70-life", "scp03-i71", "scp03-i60", "scp03-i70"].into_iter().flat_map(identity);
    let believed = ["scp03-i10", "scp02-i55", "scp02-i15", "scp02-then-scp03"].into_iter().flat_map(debit);
    let others = reinstalled("scp03-i70").into_iter().chain(debit_with_r_mac("scp03-i70"));
    proven.chain(believed).chain(others).chain([too_little_memory(true)]).collect()
}

/// The profile of that name for a second instance.
fn second(name: &str) -> String {
    let text = file(&format!("profiles/{name}.toml"));
    let (by_name, instance) = (format!("\nname = \"{name}\"\n"), "instance = \"F0434152445749440001\"");
    assert_eq!((text.matches(&by_name).count(), text.matches(instance).count()), (1, 1));
    text.replace(&by_name, &format!("\nname = \"{name}-second\"\n"))
        .replace(instance, &instance.replace("0001\"", "0002\""))
}

fn named(plan: Plan, how: &str) -> Plan {
    Plan { name: format!("{} {how}", plan.name), ..plan }
}

/// Plans of the identity application, for cards whose answers carry a MAC.
#[must_use]
pub fn identity(product: &'static str) -> Vec<Plan> {
    let issued = || Some(asked("new", "identity", HOLDER));
    let plan = |first: Option<Asked>, order: Asked| Plan {
        name: format!("{} on {product}", order.kind),
        product,
        profiles: vec![
            file("profiles/identity.toml"),
            file("profiles/identity-2.toml"),
            second("identity"),
            second("identity-2"),
        ],
        first,
        earlier: Vec::new(),
        order,
        confirms_deletion: false,
    };
    let change = |kind| asked(kind, "", &[]);
    let again = |kind, argument| Asked { argument, ..asked(kind, "identity", HOLDER) };
    let unblocked = plan(issued(), change("unblock"));
    let removed = plan(issued(), Asked { argument: "F0434152445749440002", ..change("remove-application") });
    let added = |profile| asked("add-application", profile, HOLDER);
    vec![
        plan(None, asked("new", "identity", HOLDER)),
        plan(issued(), again("replace", "lost")),
        plan(issued(), again("renew", "")),
        plan(issued(), asked("personal-data", "identity", MARRIED)),
        plan(issued(), asked("pin", "identity", OTHER_PIN)),
        plan(issued(), asked("upgrade-application", "identity-2", HOLDER)),
        plan(issued(), added("identity-second")),
        named(plan(issued(), added("identity-2-second")), "with a program"),
        Plan { earlier: vec![added("identity-second")], ..removed.clone() },
        named(Plan { earlier: vec![added("identity-2-second")], ..removed }, "with a program"),
        plan(issued(), Asked { argument: if product == "scp03-i71" { "32" } else { "16" }, ..change("change-keys") }),
        plan(issued(), change("block")),
        Plan { earlier: vec![change("block")], ..unblocked },
        plan(issued(), change("terminate")),
    ]
}

const BUYER: &[(&str, &str)] = &[("name", "Ada Example")];
const MARRIED_BUYER: &[(&str, &str)] = &[("name", "Ada Married")];
const LIMITED: &[(&str, &str)] = &[("name", "Ada Example"), ("lower_limit", "2"), ("upper_limit", "5")];

/// Plans of the payment application by the debit profile, for cards whose answers carry no MAC.
#[must_use]
pub fn debit(product: &'static str) -> Vec<Plan> {
    debit_by(product, ["emv-debit", "emv-debit-2"].map(|name| file(&format!("profiles/{name}.toml"))).into())
}

/// The same for cards whose answers carry a MAC.
///
/// # Panics
/// Where the profiles are other ones by now.
#[must_use]
pub fn debit_with_r_mac(product: &'static str) -> Vec<Plan> {
    let texts = ["emv-debit", "emv-debit-2"].map(|name| {
        let text = file(&format!("profiles/{name}.toml"));
        let (level, activation) = ("security-level = \"03\"", "activation = \"in-script\"\n");
        assert_eq!((text.matches(level).count(), text.matches(activation).count()), (1, 2), "{name}");
        text.replace(level, "security-level = \"13\"").replace(activation, "")
    });
    debit_by(product, texts.into())
}

/// Personal data and PIN of the identity application by its being installed anew.
///
/// # Panics
/// Where the profile is another one by now.
#[must_use]
pub fn reinstalled(product: &'static str) -> Vec<Plan> {
    let text = file("profiles/identity.toml");
    let point = "commit-point = \"make-selectable\"\n";
    assert_eq!(text.matches(point).count(), 1);
    let text = text.replace(point, &format!("{point}rewrite = \"reinstall\"\n"));
    let plans = identity(product).into_iter().filter(|plan| plan.order.kind == "personal-data");
    let whole = |plan: Plan| Plan {
        name: format!("{} by reinstall", plan.name),
        profiles: vec![text.clone()],
        order: Asked { fields: MARRIED_WHOLE, ..plan.order.clone() },
        ..plan
    };
    plans.map(whole).collect()
}

fn debit_by(product: &'static str, profiles: Vec<String>) -> Vec<Plan> {
    let issued = || Some(asked("new", "emv-debit", BUYER));
    let plan = |first: Option<Asked>, order: Asked| Plan {
        name: format!("{} of payment on {product}", order.kind),
        product,
        profiles: profiles.clone(),
        first,
        earlier: Vec::new(),
        order,
        confirms_deletion: false,
    };
    let change = |kind| asked(kind, "", &[]);
    let again = |kind, argument| Asked { argument, ..asked(kind, "emv-debit", BUYER) };
    let keys = if product == "scp02-then-scp03" { "scp03/16" } else { "16" };
    let mut plans = vec![
        plan(None, asked("new", "emv-debit", BUYER)),
        plan(issued(), again("replace", "damaged")),
        plan(issued(), again("renew", "")),
        plan(issued(), asked("personal-data", "emv-debit", MARRIED_BUYER)),
        plan(issued(), asked("pin", "emv-debit", &[])),
        plan(issued(), Asked { argument: keys, ..change("change-keys") }),
        plan(issued(), change("block")),
        Plan { earlier: vec![change("block")], ..plan(issued(), change("unblock")) },
        plan(issued(), change("terminate")),
    ];
    // this product takes no load files
    if product != "scp03-i10" {
        plans.push(plan(issued(), asked("upgrade-application", "emv-debit-2", LIMITED)));
    }
    plans
}

/// Plans that change keys on a card whose keys were changed before: to each of `lengths`, one after the other.
///
/// # Panics
/// Never: every list has a change of keys.
#[must_use]
pub fn keys_again(product: &'static str, lengths: &[&'static str]) -> Vec<Plan> {
    let of_payment = product.starts_with("scp02") || product == "scp03-i10";
    let plans = if of_payment { debit(product) } else { identity(product) };
    let change = plans.into_iter().find(|plan| plan.order.kind == "change-keys").expect("every list has one");
    let asked = |argument| Asked { argument, ..change.order.clone() };
    let at = |place: usize| Plan {
        name: format!("change-keys on {product}, number {}", place + 1),
        earlier: lengths[..place].iter().map(|length| asked(length)).collect(),
        order: asked(lengths[place]),
        ..change.clone()
    };
    (0..lengths.len()).map(at).collect()
}

/// The upgrade of the identity application on a card whose memory does not hold both programs.
///
/// # Panics
/// Never: the list has it.
#[must_use]
pub fn too_little_memory(confirms_deletion: bool) -> Plan {
    let plans = identity("scp03-i70-small");
    let upgrade = plans.into_iter().find(|plan| plan.order.kind == "upgrade-application").expect("a plan of the list");
    Plan { confirms_deletion, ..upgrade }
}
