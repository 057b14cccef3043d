//! What calls to the technical support queue are about.

use super::topic::{Step, Topic};

/// No internet at all.
pub(crate) const NO_CONNECTION: Topic = Topic {
    queue: "technical support",
    calm: &[
        "Hi, my internet's been down since [this morning|last night] and I wondered if there's an outage.",
        "Hello, there's a red light on the router and nothing works.",
    ],
    angry: &[
        "My internet is down again. Third time this month! I work from home, I can't work like this.",
        "It's been five days without internet. Five days! What am I paying you for?",
    ],
    long: "I want you to understand what this is doing to us, because I don't think anybody there does. I run a small business \
           from home, and my daughter has her exams next week and all of her lessons are online. Since the {day} the connection \
           drops every single hour. I've restarted the box, I've changed the cable, I've stood in the hallway with a torch and \
           read serial numbers to your colleagues. Every time somebody tells me that it looks fine from their side. It isn't \
           fine. I lost a client yesterday because I fell out of a meeting for the third time, and they thought that I was not \
           serious. That's a few thousand a year, gone. And then I get a text message that asks me how likely I am to recommend \
           you to a friend. I mean, honestly. It would be funny if it wasn't so awful.",
    steps: &[
        Step {
            agent: "Could you tell me which lights are on at the front?",
            calm: "[The power one is green and the other one is red.|There's a green one, and the globe is red.]",
            angry: "Red. It's been red for days. It's always red.",
        },
        Step {
            agent: "Have you tried [unplugging it for thirty seconds|restarting it]?",
            calm: "[Yes, twice.|I have, yes. It made no difference.]",
            angry: "Yes, of course I have. Everybody asks me that. It doesn't work.",
        },
        Step {
            agent: "[I'm running a test on the line.|Let me test the line.] This takes about a minute.",
            calm: "[Okay.|Sure, no rush.]",
            angry: "Fine. I've got nothing else to do, have I.",
        },
        Step {
            agent: "The test shows a fault [between the cabinet and your house|outside, at the cabinet].",
            calm: "[Ah, so it isn't my router.|Okay, good to know.]",
            angry: "I told you it wasn't my router.",
        },
    ],
    fix: &[
        "I've switched you to another port in the cabinet. Can you look at the light for me now?",
        "I'll call you myself tomorrow at ten to make sure that it's stable, and I've credited the days that you lost.",
    ],
    refuse: &[
        "I'd have to send an engineer, and the first slot is in nine days.",
        "There's nothing else that I can do from here.",
    ],
    relief: &[
        "It's gone green! Oh, you're a star. Thank you so much.",
        "It's working. That's fantastic, thank you for staying on the line.",
    ],
    bitter: &[
        "Nine days? I can't go nine days without internet. That's completely unacceptable.",
        "You're not listening to me. I'll find another provider.",
    ],
    mixed: "It works now and I'm happy about that, but losing a whole week over it was horrible.",
};

/// It works, but slowly.
pub(crate) const SLOW_WIFI: Topic = Topic {
    queue: "technical support",
    calm: &[
        "Hi, the wifi upstairs is really slow, and I was hoping that you could help me with it.",
        "Hello, we have the fast package, but I only get about {speed} megabits.",
    ],
    angry: &[
        "I pay for five hundred megabits and I get {speed}. That's fraud if you ask me.",
        "It's so slow that I can't even open a page. It's useless.",
    ],
    long: "",
    steps: &[
        Step {
            agent: "Where in the house is the router?",
            calm: "[It's in the hallway, behind the shoe cabinet.|Downstairs, next to the television.]",
            angry: "Where your engineer put it. In the cellar.",
        },
        Step {
            agent: "And is it slow with a cable as well?",
            calm: "[I haven't tried that.|No, with the cable it's fine.]",
            angry: "I don't have a cable. Why would I need a cable?",
        },
        Step {
            agent: "How many devices are connected, roughly?",
            calm: "[Maybe ten? The kids have a lot of things.|Four or five.]",
            angry: "Three. Two phones and a laptop. That isn't a lot, is it?",
        },
    ],
    fix: &[
        "I've moved your wifi to a free channel. Could you run the speed test again upstairs?",
        "And I'm sending you a small repeater for the top floor, free of charge.",
    ],
    refuse: &[
        "We only guarantee the speed up to the router, not over wifi.",
        "You can buy our mesh set for a hundred and forty.",
    ],
    relief: &["Wow, it's three hundred now. That's amazing.", "Much better! Thanks, that was really helpful."],
    bitter: &[
        "Up to the router. What a joke. Nobody sits inside the router.",
        "So I pay extra for what I've already paid for. No, thanks.",
    ],
    mixed: "It's faster, great, although the bedroom is still slow, so I'm not completely happy.",
};

/// An engineer who did not come.
pub(crate) const MISSED_VISIT: Topic = Topic {
    queue: "technical support",
    calm: &[
        "Hi, an engineer was supposed to come between eight and twelve, and it's now [two|half past one].",
        "Hello, I just wanted to check if somebody is still coming today.",
    ],
    angry: &[
        "I took a day off work for your engineer and nobody came. Nobody called. Nothing!",
        "That's the second appointment that you've missed. I'm so angry I could scream.",
    ],
    long: "I've been sitting at the window since half past seven this morning like an idiot. I got a text at eight which said that \
           the engineer was on his way. At eleven I got one which said that he was running late, fine, things happen. At one \
           o'clock I got one which said, and I quote, sorry we missed you. Sorry we missed you! I was here. My husband was here. \
           The dog was here. Nobody rang the bell and nobody called. I've got a camera over the door and there was no van in the \
           street all day. So somebody wrote down that he was here and he wasn't, and I'd like to know what you call that, because \
           I call it a lie. That's a day of unpaid leave, and it's the second time. I am at the end of my patience with you.",
    steps: &[
        Step {
            agent: "Do you have the appointment number?",
            calm: "[Yes, it's {code}.|I think so. {code}?]",
            angry: "{code}. I know it by heart by now.",
        },
        Step {
            agent: "Did you get a message or a call today?",
            calm: "[There was a text this morning.|No, nothing at all.]",
            angry: "A text which says that you missed me. I was here the whole time.",
        },
        Step {
            agent: "It says here that [the engineer couldn't find the house|the previous job overran].",
            calm: "[Oh. Okay.|That's a pity.]",
            angry: "That's nonsense.",
        },
    ],
    fix: &[
        "I've just spoken to the engineer. He can be with you at four today, and you'll have his mobile number in a second.",
        "I've also put thirty pounds on your account for the missed appointment. You don't need to claim it.",
    ],
    refuse: &["The next appointment that I can offer is on the {day}.", "I can't call the engineers directly."],
    relief: &[
        "Today? Oh, that's wonderful. Thank you for making that call.",
        "Okay. Now that's what I call service. I really appreciate it.",
    ],
    bitter: &[
        "I'm not taking another day off. This is a complete waste of my time.",
        "So I have to wait because you messed up. Terrible. Just terrible.",
    ],
    mixed: "Thank you, you've been lovely. I'm still upset about the morning that I lost.",
};

/// A first set-up.
pub(crate) const ROUTER_SETUP: Topic = Topic {
    queue: "technical support",
    calm: &[
        "Hi, my new router arrived and I'm not sure which cable goes where.",
        "Hello, I'm setting up the new box, and it asks me for a code that I don't have.",
    ],
    angry: &["I've been trying to set up this stupid router for three hours. The manual is a joke."],
    long: "",
    steps: &[
        Step {
            agent: "[Let's do it together.|No problem, we'll go through it.] Is the grey cable in the socket on the wall?",
            calm: "[Yes.|One second. Yes, it is.]",
            angry: "Yes. That's the one thing that the manual does say.",
        },
        Step {
            agent: "Then the white one goes into the port marked WAN.",
            calm: "[Okay, done.|WAN. Got it.]",
            angry: "There is no WAN. Oh, hang on. There it is.",
        },
        Step {
            agent: "The code is on the sticker underneath, eight digits.",
            calm: "[Ah, I see it.|Found it.]",
            angry: "Who puts it underneath? Fine. I've got it.",
        },
        Step {
            agent: "What does the light do?",
            calm: "[It's blinking white.|Blinking.]",
            angry: "Blinking. It's been blinking for hours.",
        },
    ],
    fix: &[
        "It's updating itself now. In two minutes the light should stay on.",
        "And there we are. I can see you online from here.",
    ],
    refuse: &["Then it's probably faulty and you'll have to send it back.", "A new one takes about a week."],
    relief: &["It's on! That was easier than I thought. Thank you.", "Perfect. You explained that really well."],
    bitter: &["Great. Three hours of my life, wasted.", "A week? I cancelled my old line for today."],
    mixed: "It's running, thanks to you. The instructions are awful, though, you should tell somebody.",
};

/// Television with an error code.
pub(crate) const TV_BOX: Topic = Topic {
    queue: "technical support",
    calm: &[
        "Hi, my TV box shows error {code} and I can't watch anything.",
        "Hello, some of the channels have disappeared since the update.",
    ],
    angry: &[
        "The box died in the middle of the match. Again. It's the worst box I've ever had.",
        "Since your update nothing works any more. Why do you break things that work?",
    ],
    long: "",
    steps: &[
        Step {
            agent: "Is the box connected by cable or by wifi?",
            calm: "[By wifi.|With a cable, I think.]",
            angry: "By cable, like the last guy told me.",
        },
        Step {
            agent: "Could you hold the button on the back for ten seconds?",
            calm: "[Okay. It's restarting.|Right, the screen's gone black.]",
            angry: "I did that yesterday, and the day before. It doesn't help.",
        },
        Step {
            agent: "I'll send a signal to it now. It should say loading.",
            calm: "[Yes, it says loading.|It does.]",
            angry: "It says loading. It always says loading.",
        },
    ],
    fix: &[
        "The update had stopped half way, so I've restarted it from here.",
        "All your channels should be back, and your recordings too.",
    ],
    refuse: &["It's a known problem and there isn't a fix yet.", "We hope to have one next month."],
    relief: &["Nice, that's the picture. Thank you very much.", "They're all back. Fantastic!"],
    bitter: &[
        "So nobody cares. Good to know. I'm really frustrated.",
        "And I'm supposed to pay for it until then? No way.",
    ],
    mixed: "The picture is great now, but all of my recordings are gone, which is sad.",
};

/// A new SIM card.
pub(crate) const NEW_SIM: Topic = Topic {
    queue: "technical support",
    calm: &[
        "Hi, I got a new SIM card and I'd like to activate it.",
        "Hello, I've lost my phone, and I need my number on a new card.",
    ],
    angry: &["I activated my SIM two days ago and I still can't make a call. My mother is in hospital."],
    long: "",
    steps: &[
        Step {
            agent: "Could you read me the last six digits on the card?",
            calm: "[Sure. {card}.|It's {card}.]",
            angry: "{card}. Please hurry.",
        },
        Step {
            agent: "And which number should it have?",
            calm: "The same one that I had before.",
            angry: "My own number, obviously.",
        },
        Step {
            agent: "Is the card in the phone already?",
            calm: "[Not yet.|Yes, it's in.]",
            angry: "Yes, for two days.",
        },
    ],
    fix: &[
        "It's active now. Please switch the phone off and on once.",
        "I'll stay on the line until you can see the network.",
    ],
    refuse: &["Activation can take up to forty eight hours.", "I can't speed it up, you just have to wait."],
    relief: &["I've got a signal. Thanks a lot!", "It works. I'm so relieved, thank you."],
    bitter: &[
        "I've waited for forty eight hours. This is hopeless.",
        "Wait, wait, wait. That's all I ever hear from you.",
    ],
    mixed: "Thank God, it works. I'm grateful, but I was worried sick for two days.",
};
