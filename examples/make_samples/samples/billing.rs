//! What calls to the billing queue are about.

use super::topic::{Step, Topic};

/// Charged twice in one month.
pub(crate) const DOUBLE_CHARGE: Topic = Topic {
    queue: "billing",
    calm: &[
        "Hi, [I was just looking at my bank statement|I've just checked my account] and it looks like you took the payment twice this month.",
        "Hello, I think there's been a mistake with my {month} bill. There are two payments of {amount} on the same day.",
    ],
    angry: &[
        "You've taken {amount} out of my account twice! [Twice!|That's my food money!] I want it back today.",
        "I am absolutely furious. I've been charged double again and nobody seems to care.",
    ],
    long: "Right, I'll explain it again because apparently nobody writes anything down over there. In {month} you took \
           {amount} from my account, fine, that's the bill. Two days later you took the same amount again. I called, I \
           waited forty minutes, and a lady told me it would be back in three working days. It wasn't. I called again, \
           and a man told me there was no record of my first call. Because of that second payment my rent bounced and \
           the bank charged me a fee, and my landlord thinks I can't manage my money. I have been a customer for eleven \
           years and I have never been treated so badly by any company. So please don't ask me to wait again.",
    steps: &[
        Step {
            agent: "[Can you tell me|Could you check] the dates of the two payments?",
            calm: "The first one is the {day} and the other one [a couple of days later|two days after that].",
            angry: "The {day} and then again two days later. It's right there on your screen, surely.",
        },
        Step {
            agent: "And do both of them show the same reference?",
            calm: "[Yes, they do.|Yes, exactly the same.]",
            angry: "Yes! The same. That's why it's called a duplicate.",
        },
        Step {
            agent: "[Let me open the payment history.|I'm looking at the payment history now.] Has either of them come back to your account since?",
            calm: "Not so far, no.",
            angry: "No, and now my account is overdrawn because of you.",
        },
    ],
    fix: &[
        "I can see the second payment, it was our error. I've refunded {amount} just now and it'll be with you [tomorrow|within two working days].",
        "I've also added a credit of ten pounds for the trouble, and if the bank charged you, send us the letter and we'll pay that too.",
    ],
    refuse: &[
        "The second payment is still pending, so there is nothing I can do until it has cleared.",
        "It takes up to ten working days. That's the process.",
    ],
    relief: &[
        "Oh, that's great. I was really worried about it, thank you.",
        "Okay, wow. That's more than I expected. I appreciate it.",
    ],
    bitter: &[
        "So you keep my money because of your own mistake. That's a disgrace.",
        "Ten days? It took you one second to take it. That's ridiculous.",
    ],
    mixed: "I'm glad the money is coming back, but I'm really disappointed that it took three calls to get here.",
};

/// The monthly price went up.
pub(crate) const PRICE_RISE: Topic = Topic {
    queue: "billing",
    calm: &[
        "Hi there, my bill went from thirty two to {amount} and I'd like to understand why.",
        "Hello. I had a letter about the new prices and I wanted to [ask what my options are|see if there is anything cheaper].",
    ],
    angry: &[
        "Why has my bill gone up again? Nobody asked me. You people just help yourselves.",
        "I've just opened my bill and it's {amount}. That's daylight robbery. I want to cancel.",
    ],
    long: "Let me tell you how this looks from where I'm sitting. I signed a contract for thirty two a month, and the young \
           man in the shop looked me in the eye and told me that the price was fixed for two years. Not eighteen months, \
           two years, I remember because I asked him twice. Now I get a letter, well, not even a letter, an email that \
           went straight to the junk folder, which says that it's going up to {amount} because of inflation. New customers \
           pay twenty five for the same thing, I can see it on your own website right now. So the people who stay with you \
           pay for the people who don't. I'm a pensioner, I count every pound, and I feel like I've been taken for a fool.",
    steps: &[
        Step {
            agent: "[I'll have a look at your plan.|Let me bring up your plan.] Are you mostly using the internet, or the phone line as well?",
            calm: "[Just the internet really.|Mostly the internet. We hardly use the phone.]",
            angry: "What does it matter what I use? The price was fixed.",
        },
        Step {
            agent: "The minimum term ended in {month}, and the standard price applies after that.",
            calm: "[Ah, okay.|I see.] I didn't realise it had ended.",
            angry: "Nobody told me that. Not a word.",
        },
        Step {
            agent: "Have you looked at our other plans at all?",
            calm: "I had a quick look but I found it a bit confusing.",
            angry: "I've looked, and new customers pay far less than I do. How is that fair?",
        },
    ],
    fix: &[
        "There is a loyalty plan at twenty nine a month, the same speed, and I can put you on it from today.",
        "And I'll take the difference off your last bill as well, so you won't have paid more at all.",
    ],
    refuse: &[
        "The prices are the prices, I'm afraid. I can't change them.",
        "You can leave, but there would be a charge of sixty to end the contract early.",
    ],
    relief: &[
        "Twenty nine? That's less than before. Perfect, yes please.",
        "That's brilliant, thank you. I honestly didn't expect that.",
    ],
    bitter: &[
        "I've been loyal for years and this is what I get. I'll be telling everybody about this.",
        "So you put the price up and then you charge me to leave. Unbelievable.",
    ],
    mixed: "The new plan is good, I like it, but it's annoying that I have to call and complain to get it.",
};

/// A refund that never came.
pub(crate) const MISSING_REFUND: Topic = Topic {
    queue: "billing",
    calm: &[
        "Hello, I sent my old router back [three weeks|a month] ago and I'm still waiting for the deposit.",
        "Hi, I was promised a refund of {amount} in {month} and I can't see it anywhere.",
    ],
    angry: &[
        "This is my fourth call about the same refund. Four calls! Where is my money?",
        "You lied to me. Every time I call it's next week, next week. I'm sick of it.",
    ],
    long: "I've got it all written down here, so listen. On the {day} I took the box back to your shop and I have the receipt \
           in my hand. Five working days, they said. After two weeks I called and they said that it was sent to the wrong \
           department. After three weeks I called and was cut off after half an hour. I called again straight away, and \
           the person who answered was rude and told me to send an email. I sent the email. I got an automatic reply. Then \
           yesterday I got a letter from a debt collector, a debt collector, for a box that you have had for a month. Do \
           you have any idea what that feels like? I couldn't sleep. I've never owed anybody a penny in my life, and I want \
           somebody to take this seriously for once.",
    steps: &[
        Step {
            agent: "Do you still have the receipt or the tracking number?",
            calm: "[Yes, I have it here.|I do, one moment.] It ends in {code}.",
            angry: "Of course I have. I've read it out to three of your colleagues already.",
        },
        Step {
            agent: "[Bear with me.|One moment please.] Which card or account should it have gone to?",
            calm: "The same account that the bill is paid from.",
            angry: "The same one you take my money from every month. You seem to find it easily enough for that.",
        },
        Step {
            agent: "I can see that it was marked as received on the {day}.",
            calm: "Right, so it did arrive.",
            angry: "So you've had it all along. Unbelievable.",
        },
    ],
    fix: &[
        "It was stuck because of a wrong account digit. I've corrected it and released the payment while we were talking.",
        "You'll have {amount} by tomorrow morning, and I'm sending you a confirmation right now so that you have it in writing.",
    ],
    refuse: &[
        "It says here that the refund is being processed. I can't see more than that.",
        "I can raise another ticket, but I can't promise a date.",
    ],
    relief: &[
        "Finally! That's a weight off my mind. Thank you.",
        "Oh, I've got the email. Thank you so much, you're the first person who actually helped.",
    ],
    bitter: &[
        "That's useless. I want to make a formal complaint.",
        "Another ticket. Wonderful. That's what the last three people said.",
    ],
    mixed: "Well, thank you, you were very kind. But honestly the way this company treats people is terrible.",
};

/// A fee for a late payment.
pub(crate) const LATE_FEE: Topic = Topic {
    queue: "billing",
    calm: &[
        "Hi, I've got a late fee of twelve pounds on my bill, but I'm sure that I paid on time.",
        "Hello. There's a charge on here that I don't recognise, it says late payment.",
    ],
    angry: &[
        "A late fee? Your website was down! I tried to pay for two days.",
        "I've never missed a payment in my life and now you charge me a fee. How dare you.",
    ],
    long: "",
    steps: &[
        Step {
            agent: "When did you make the payment?",
            calm: "[On the {day}, I believe.|It must have been the {day}.]",
            angry: "On the {day}, which was the first time that your website actually worked.",
        },
        Step {
            agent: "And was it by card or by bank transfer?",
            calm: "[By card.|Bank transfer.]",
            angry: "By card. Not that it matters.",
        },
        Step {
            agent: "The bill was due two days before that, which is why the fee was added.",
            calm: "Oh. I thought the due date was the end of the month.",
            angry: "Because the site was broken. How many times do I have to say it?",
        },
    ],
    fix: &[
        "I've taken the fee off. You've always paid on time, so there's no question about it.",
        "Would you like a reminder by text three days before each bill? Then it can't happen again.",
    ],
    refuse: &["The fee is automatic. I'm not able to remove it.", "You did agree to the terms when you signed up."],
    relief: &["Lovely. That was easy.", "That would be great, yes. Thanks for sorting it so quickly."],
    bitter: &[
        "It's twelve pounds! You'd rather lose a customer over twelve pounds?",
        "That's a really poor attitude. I'm disappointed.",
    ],
    mixed: "Thanks for removing it. I still think it's wrong that it was added in the first place, but fine.",
};

/// A copy of an invoice: nothing to feel about.
pub(crate) const INVOICE_COPY: Topic = Topic {
    queue: "billing",
    calm: &[
        "Hi, could I get a copy of my invoice for {month}, please? It's for my accountant.",
        "Hello, I need the last three invoices as a PDF, I can't find them in the app.",
    ],
    angry: &["I've asked for this invoice twice by email and I got no reply. I need it today."],
    long: "",
    steps: &[
        Step {
            agent: "[Sure.|No problem.] Which email address should I send it to?",
            calm: "The one on the account is fine.",
            angry: "The one on the account, the same one I wrote from. Twice.",
        },
        Step {
            agent: "Do you need it with the VAT shown separately?",
            calm: "[Yes please.|Yes, if you can.]",
            angry: "Yes. With the VAT.",
        },
    ],
    fix: &[
        "I've sent it now. It can take a few minutes to arrive.",
        "You can also find it under documents, then archive, in the app.",
    ],
    refuse: &["The archive is being moved at the moment, so it'll be next week.", "I can't send it any earlier."],
    relief: &["It's just come through. Thank you.", "Okay, got it. Cheers."],
    bitter: &["Next week is no good to me, the deadline is Friday.", "That's not very helpful."],
    mixed: "Good, it's here. It shouldn't take two emails and a call, though.",
};

/// Moving the day on which the bill is paid.
pub(crate) const PAYMENT_DATE: Topic = Topic {
    queue: "billing",
    calm: &[
        "Hello, I've changed jobs and I get paid on a different day now. Can I move my payment date?",
        "Hi, is it possible to have the bill taken on the {day} instead of the first?",
    ],
    angry: &["I've asked you to move my payment date and you took it on the first anyway. Now I'm overdrawn."],
    long: "",
    steps: &[
        Step {
            agent: "[Yes, that's possible.|That's no problem.] Which date would suit you?",
            calm: "[The {day} would be ideal.|Maybe the {day}?]",
            angry: "The {day}. As I said last month.",
        },
        Step {
            agent: "The next bill would then cover a few extra days. Is that all right?",
            calm: "[Yeah, that's fine.|Okay.]",
            angry: "Whatever. Just get it right this time.",
        },
    ],
    fix: &["Done. From December it'll be taken on the {day}.", "You'll get a letter that confirms it."],
    refuse: &[
        "It looks like the system won't let me change it this month.",
        "You'd have to call again after the first.",
    ],
    relief: &["Brilliant, thanks for your help.", "Great, that helps a lot."],
    bitter: &["Call again? I've been on hold for twenty minutes already.", "That's a bit of a joke, to be honest."],
    mixed: "Okay, good. The wait was far too long but you were quick.",
};
