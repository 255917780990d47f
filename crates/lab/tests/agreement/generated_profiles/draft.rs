//! What a seed draws: a profile with its order, and the card product that takes the card.

use std::rc::Rc;

use cardwright_data_preparation::{Checked, Date, OrderFields, PersonalizationData, Profile, check, prepare};

use super::holders::{Holder, employee, identity};
use crate::generated::{Generated, Numbers, generate};
use crate::issuer::Issuer as Preparer;

/// The card products that prove what they write, behind contacts and behind an antenna.
const PRODUCTS: [&str; 4] = ["scp03-i70", "scp03-i71", "scp03-i60", "scp03-i70-contactless"];

/// Those whose answers carry no MAC.
const BELIEVED: [&str; 3] = ["scp02-i55", "scp02-i15", "scp03-i10"];

const WAITS: &str = "activation = \"after-proof\"\n";
const IN_SCRIPT: &str = "activation = \"in-script\"\n";

/// Answers carry no MAC at this level: only a cryptogram would prove the card.
const UNPROVEN: &str = "security-level = \"03\"";

enum Order {
    Payment(Generated),
    Holder(Holder),
}

/// One card to be.
pub(crate) struct Draft {
    order: Order,
    pub(crate) product: &'static str,
    pub(crate) dice: Numbers,
}

impl Draft {
    /// Of twenty cards, two have identity applications, one is an employee's, and the others are for payment.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Numbers::of(seed + 1_000_000);
        let product = dice.one_of(&PRODUCTS);
        let mut order = match seed % 20 {
            3 | 13 => Order::Holder(identity(&mut dice)),
            7 => Order::Holder(employee(&mut dice)),
            _ => Order::Payment(generate(seed)),
        };
        let may_be_straight = product != "scp03-i60"; // the others' challenges tell applications apart
        let text = order.text_mut();
        *text = routed(text, may_be_straight, &mut dice);
        Self { order, product, dice }
    }

    pub(crate) fn is_unproven(&self) -> bool {
        self.order.text().contains(UNPROVEN)
    }

    /// The same at a level that proves.
    pub(crate) fn prove(&mut self) {
        let level = format!("security-level = \"{}\"", self.dice.one_of(&["13", "33"]));
        *self.order.text_mut() = self.order.text().replacen(UNPROVEN, &level, 1);
    }

    /// The same for a card that its cryptograms prove: every application is usable before.
    pub(crate) fn believe(&mut self) {
        self.product = self.dice.one_of(&BELIEVED);
        *self.order.text_mut() = self.order.text().replace(WAITS, IN_SCRIPT);
    }

    /// Whether nothing of it waits for a proof.
    pub(crate) fn is_usable_at_once(&self) -> bool {
        !self.order.text().contains(WAITS)
    }

    pub(crate) fn is_for_payment(&self) -> bool {
        matches!(self.order, Order::Payment(_))
    }

    pub(crate) fn text(&self) -> &str {
        self.order.text()
    }

    pub(crate) fn profile(&self) -> Profile {
        match &self.order {
            Order::Payment(generated) => generated.profile(),
            Order::Holder(holder) => {
                Profile::parse(&holder.text).unwrap_or_else(|error| panic!("{error}\n{}", holder.text))
            }
        }
    }

    pub(crate) fn prepared(&self, profile: &Profile, preparer: &Preparer) -> Checked<PersonalizationData> {
        let (columns, photo, number) = match &self.order {
            Order::Payment(generated) => (generated.columns(preparer, profile), None, &generated.number),
            Order::Holder(holder) => {
                let block = |(name, digits): &(&'static str, String)| {
                    (*name, preparer.pin_block(profile, &holder.number, digits))
                };
                let columns = holder.columns.iter().cloned().chain(holder.blocks.iter().map(block)).collect();
                (columns, holder.photo.as_deref(), &holder.number)
            }
        };
        let columns = columns.iter().map(|(name, value)| (*name, value.as_str()));
        let fields = OrderFields::read(profile, columns, photo).unwrap_or_else(|error| panic!("{error}"));
        let number = profile.assigns_number().then_some(number.as_str());
        let today = Date::new(2026, 11, 22).unwrap();
        let prepared = prepare(profile, &fields, today, &preparer.means(profile, number));
        prepared.and_then(check).unwrap_or_else(|error| panic!("{error}\n{}", self.text()))
    }
}

impl Order {
    fn text(&self) -> &str {
        match self {
            Self::Payment(generated) => &generated.text,
            Self::Holder(holder) => &holder.text,
        }
    }

    fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Payment(generated) => &mut generated.text,
            Self::Holder(holder) => &mut holder.text,
        }
    }
}

/// Some payment applications written straight, and some applications made usable in the script that writes them: the
/// first ones, because commit points are passed in order.
fn routed(text: &str, may_be_straight: bool, dice: &mut Numbers) -> String {
    let through_domain = "commit-point = \"make-selectable\"";
    let straight = "route = \"application\"\ncommit-point = \"personalized\"";
    let mut tables = text.split("[[application]]");
    let mut routed = tables.next().unwrap().to_owned();
    let mut in_script = dice.below(4) == 0;
    let mut is_straight = false;
    for table in tables {
        let takes = table.contains("standard = \"emv\"") && (may_be_straight || !is_straight);
        let goes_straight = takes && dice.below(3) == 0;
        is_straight |= goes_straight;
        in_script &= dice.below(3) > 0;
        let table = if goes_straight { table.replace(through_domain, straight) } else { table.to_owned() };
        let table = table.replace(WAITS, "");
        let activation = if in_script { IN_SCRIPT } else { WAITS };
        routed.push_str(&format!("[[application]]\n{}{table}", activation.trim_end()));
    }
    routed
}

/// Whose keystores prepare the cards: payment cards' is furnished anew for each profile.
pub(crate) struct Preparers {
    payments: Option<Preparer>,
    pub(crate) holders: Rc<Preparer>,
}

impl Preparers {
    pub(crate) fn new(payments: Preparer) -> Self {
        let example = Profile::parse(&crate::file("profiles/piv-employee.toml")).unwrap();
        Self { payments: Some(payments), holders: Rc::new(Preparer::of(&example)) }
    }

    pub(crate) fn prepared(&mut self, draft: &Draft, profile: &Profile) -> Checked<PersonalizationData> {
        if !draft.is_for_payment() {
            return draft.prepared(profile, &self.holders);
        }
        let furnished = self.payments.take().unwrap().furnish(profile);
        draft.prepared(profile, self.payments.insert(furnished))
    }
}
