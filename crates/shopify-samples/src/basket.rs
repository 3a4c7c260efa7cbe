//! What somebody buys and what it costs: the sums behind orders, draft orders, checkouts, carts and refunds.

use crate::Samples;
use crate::catalogue::Article;
use crate::money::{Currencies, Money};
use crate::shop::Tax;
use serde_json::{Value, json};

#[derive(Debug)]
pub(crate) struct Basket {
    pub(crate) currencies: Currencies,
    pub(crate) lines: Vec<Line>,
    pub(crate) discount: Option<Discount>,
    pub(crate) shipping: Option<Shipping>,
    /// Prices contain the taxes: they are not added to the total.
    pub(crate) taxes_included: bool,
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) article: Article,
    pub(crate) quantity: i64,
    pub(crate) price: Money,
    pub(crate) discount: Money,
    pub(crate) taxes: Vec<Levy>,
    pub(crate) properties: Value,
}

/// A tax and what it comes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levy {
    pub(crate) tax: &'static Tax,
    pub(crate) price: Money,
}

/// A code that takes so many per cent off every line that can be discounted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Discount {
    pub(crate) code: &'static str,
    pub(crate) percent: i64,
}

#[derive(Debug)]
pub(crate) struct Shipping {
    pub(crate) id: u64,
    pub(crate) title: &'static str,
    pub(crate) price: Money,
    pub(crate) taxes: Vec<Levy>,
}

static DISCOUNTS: [Option<Discount>; 5] = [
    None,
    None,
    None,
    Some(Discount { code: "HELLO10", percent: 10 }),
    Some(Discount { code: "FRÜHLING-15", percent: 15 }),
];

static RATES: [(&str, i64); 3] = [("Standard", 690), ("Express", 1_495), ("Free over 50", 0)];

impl Line {
    /// Before discounts.
    pub(crate) fn goods(&self) -> Money {
        self.price * self.quantity
    }

    /// After discounts.
    pub(crate) fn net(&self) -> Money {
        self.goods() - self.discount
    }

    pub(crate) fn tax(&self) -> Money {
        sum(&self.taxes)
    }
}

impl Shipping {
    pub(crate) fn tax(&self) -> Money {
        sum(&self.taxes)
    }
}

fn sum(taxes: &[Levy]) -> Money {
    taxes.iter().map(|levy| levy.price).sum()
}

impl Samples {
    /// Mostly one or two lines, eight at most.
    pub(crate) fn lines(&mut self) -> usize {
        *self.pick(&[1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 8])
    }

    pub(crate) fn basket(&mut self, lines: usize, currencies: Currencies) -> Basket {
        let discount = *self.pick(&DISCOUNTS);
        let lines: Vec<_> = (0..lines).map(|_| self.line(currencies, discount)).collect();
        let shipping = if lines.iter().any(|line| line.article.needs_shipping()) {
            let (title, price) = *self.pick(&RATES);
            let price = currencies.money(price);
            Some(Shipping { id: self.id(), title, price, taxes: self.levies(price) })
        } else {
            None
        };
        Basket { currencies, lines, discount, shipping, taxes_included: self.shop.home.taxes_included }
    }

    fn line(&mut self, currencies: Currencies, discount: Option<Discount>) -> Line {
        let article = self.article();
        let quantity = *self.pick(&[1, 1, 1, 1, 2, 2, 3, 6]);
        let price = currencies.money(article.variant.price);
        let (discount, taxes) = if article.product.gift_card {
            (Money::default(), Vec::new())
        } else {
            let goods = price * quantity;
            let discount = discount.map(|discount| goods.part(discount.percent, 100)).unwrap_or_default();
            (discount, self.levies(goods - discount))
        };
        let properties = if self.one_in(8) {
            json!([{ "name": "Engraving", "value": "Für “M.” ❤️" }, { "name": "_bundle", "value": self.hex(8) }])
        } else {
            json!([])
        };
        Line { id: self.id(), article, quantity, price, discount, taxes, properties }
    }

    /// What the shop's taxes on this amount come to.
    fn levies(&self, amount: Money) -> Vec<Levy> {
        let home = self.shop.home;
        let contained: i64 = if home.taxes_included { home.taxes.iter().map(|tax| tax.ppm).sum() } else { 0 };
        home.taxes.iter().map(|tax| Levy { tax, price: amount.part(tax.ppm, 1_000_000 + contained) }).collect()
    }
}

impl Basket {
    pub(crate) fn goods(&self) -> Money {
        self.lines.iter().map(Line::goods).sum()
    }

    pub(crate) fn discounts(&self) -> Money {
        self.lines.iter().map(|line| line.discount).sum()
    }

    pub(crate) fn subtotal(&self) -> Money {
        self.goods() - self.discounts()
    }

    pub(crate) fn shipping_price(&self) -> Money {
        self.shipping.iter().map(|shipping| shipping.price).sum()
    }

    pub(crate) fn tax(&self) -> Money {
        self.taxes().iter().map(|levy| levy.price).sum()
    }

    pub(crate) fn total(&self) -> Money {
        self.gross(self.subtotal() + self.shipping_price(), self.tax())
    }

    /// What is paid for something of this price and tax.
    pub(crate) fn gross(&self, price: Money, tax: Money) -> Money {
        if self.taxes_included { price } else { price + tax }
    }

    /// All taxes of lines and shipping, one row for each.
    pub(crate) fn taxes(&self) -> Vec<Levy> {
        let mut rows: Vec<Levy> = Vec::new();
        let shipping = self.shipping.iter().flat_map(|shipping| &shipping.taxes);
        for levy in self.lines.iter().flat_map(|line| &line.taxes).chain(shipping) {
            match rows.iter_mut().find(|row| row.tax.title == levy.tax.title) {
                Some(row) => row.price = row.price + levy.price,
                None => rows.push(*levy),
            }
        }
        rows
    }

    pub(crate) fn grams(&self) -> i64 {
        self.lines.iter().map(|line| line.article.variant.grams * line.quantity).sum()
    }

    pub(crate) fn discount_codes(&self) -> Value {
        self.discount
            .iter()
            .map(|discount| {
                let amount = self.currencies.write(self.discounts());
                json!({ "code": discount.code, "amount": amount, "type": "percentage" })
            })
            .collect()
    }
}
