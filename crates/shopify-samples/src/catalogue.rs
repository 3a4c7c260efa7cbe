//! What the shops sell.

use crate::Samples;

#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) title: &'static str,
    pub(crate) handle: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) vendor: &'static str,
    pub(crate) tags: &'static str,
    pub(crate) description: &'static str,
    pub(crate) option: &'static str,
    pub(crate) variants: &'static [Variant],
    /// Neither taxed, discounted nor shipped.
    pub(crate) gift_card: bool,
}

/// The price is in minor units of whatever the shop's currency is.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) title: &'static str,
    pub(crate) sku: &'static str,
    pub(crate) price: i64,
    pub(crate) grams: i64,
}

const fn variant(title: &'static str, sku: &'static str, price: i64, grams: i64) -> Variant {
    Variant { title, sku, price, grams }
}

pub(crate) static PRODUCTS: [Product; 8] = [
    Product {
        title: "Waxed Canvas Tote",
        handle: "waxed-canvas-tote",
        kind: "Bags",
        vendor: "Harrow & Pine",
        tags: "bags, canvas, everyday",
        description: "<p>Holds a week of groceries &amp; a <em>surprising</em> number of books.</p>",
        option: "Colour",
        variants: &[variant("Moss", "HP-TOTE-MOS", 6_450, 720), variant("Rust", "HP-TOTE-RUS", 6_450, 720)],
        gift_card: false,
    },
    Product {
        title: "Tulip Bulbs \"Queen of Night\"",
        handle: "tulip-bulbs-queen-of-night",
        kind: "Garden",
        vendor: "Van der Molen",
        tags: "autumn, bulbs",
        description: "<p>Nearly black. Plant 15 cm deep.</p>\n<ul><li>Height: 60 cm</li></ul>",
        option: "Pack",
        variants: &[
            variant("10", "VM-QON-10", 795, 260),
            variant("25", "VM-QON-25", 1_690, 640),
            variant("100", "VM-QON-100", 5_510, 2_510),
        ],
        gift_card: false,
    },
    Product {
        title: "Pour-Over Set – Größe S",
        handle: "pour-over-set-s",
        kind: "Kitchen",
        vendor: "Töpferei Lindner",
        tags: "ceramics, coffee ☕",
        description: "<p>Handgetöpfert, spülmaschinenfest.</p>",
        option: "Glaze",
        variants: &[variant("Salbei", "TL-PO-S-SAL", 4_800, 910), variant("Kreide", "TL-PO-S-KRE", 4_800, 905)],
        gift_card: false,
    },
    Product {
        title: "Merino Beanie",
        handle: "merino-beanie",
        kind: "Clothing",
        vendor: "Harrow & Pine",
        tags: "knitwear, winter",
        description: "<p>Itches no-one.</p>",
        option: "Size",
        variants: &[
            variant("S", "HP-BEAN-S", 2_905, 85),
            variant("M", "HP-BEAN-M", 2_905, 90),
            variant("L", "HP-BEAN-L", 2_905, 96),
        ],
        gift_card: false,
    },
    Product {
        title: "緑茶 – First Flush Sencha",
        handle: "first-flush-sencha",
        kind: "Tea",
        vendor: "Asahina Tea Garden",
        tags: "green, tea",
        description: "<p>Picked in late April.</p>",
        option: "Weight",
        variants: &[variant("50 g", "ATG-SEN-50", 1_133, 62), variant("200 g", "ATG-SEN-200", 3_707, 221)],
        gift_card: false,
    },
    Product {
        title: "Brass Desk Lamp",
        handle: "brass-desk-lamp",
        kind: "Lighting",
        vendor: "Fennimore Works",
        tags: "brass, home, lighting",
        description: "<p>The arm stays where you put it.</p>",
        option: "Title",
        variants: &[variant("Default Title", "FW-LAMP-01", 18_999, 3_150)],
        gift_card: false,
    },
    Product {
        title: "Linen Notebook, dotted",
        handle: "linen-notebook-dotted",
        kind: "Stationery",
        vendor: "Café Papier",
        tags: "notebooks, paper",
        description: "<p>192 pages that lie flat.</p>",
        option: "Format",
        variants: &[variant("A5", "CP-NB-A5", 1_350, 310), variant("A6", "CP-NB-A6", 990, 170)],
        gift_card: false,
    },
    Product {
        title: "Gift Card",
        handle: "gift-card",
        kind: "Gift Cards",
        vendor: "Gift Cards",
        tags: "",
        description: "<p>For those who have everything.</p>",
        option: "Denomination",
        variants: &[variant("25", "GC-25", 2_500, 0), variant("50", "GC-50", 5_000, 0)],
        gift_card: true,
    },
];

/// A variant as one shop sells it: its ids are that shop's, and stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Article {
    pub(crate) product: &'static Product,
    pub(crate) variant: &'static Variant,
    pub(crate) product_id: u64,
    pub(crate) variant_id: u64,
}

impl Samples {
    pub(crate) fn article(&mut self) -> Article {
        let product = self.pick(&PRODUCTS);
        let variant = self.pick(product.variants);
        Article {
            product,
            variant,
            product_id: self.shop.id_of("Product", product.handle),
            variant_id: self.shop.id_of("ProductVariant", variant.sku),
        }
    }
}

impl Article {
    /// `None` for a product that comes in one variant only.
    pub(crate) fn variant_title(&self) -> Option<&'static str> {
        (self.product.variants.len() > 1).then_some(self.variant.title)
    }

    /// “Merino Beanie - M”
    pub(crate) fn name(&self) -> String {
        match self.variant_title() {
            Some(variant) => format!("{} - {variant}", self.product.title),
            None => self.product.title.to_owned(),
        }
    }

    pub(crate) fn needs_shipping(&self) -> bool {
        !self.product.gift_card
    }
}
