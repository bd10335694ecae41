"""Wordings of teachings that the model of teachings was not trained or chosen on, and ordinary talk that sounds like one.

Written when training had begun, and not looked at since: whoever looks at what is got wrong here must write others before the next figure.
"""

from __future__ import annotations

REQUESTS = """
so here is the deal when the words {words} leave my lips you {meaning}
hello my dear assistant i would be grateful if {words} could be understood as {meaning}
{words} is gonna mean {meaning} okay buddy
can you pretty please {meaning} when daddy says {words}
i have a speech problem so if it comes out as {words} i am trying to say {meaning}
you often mishear me so {words} should be heard as {meaning}
what about this if i go {words} you go and {meaning}
my accent is strong when you think i said {words} it was {meaning}
our secret phrase is {words} and it tells you to {meaning}
the magic words are {words} and what should happen is {meaning}
the password for {meaning} is {words}
consider {words} a nickname for {meaning}
set {words} up as a voice command for {meaning}
i'd like to set up a voice shortcut where {words} makes you {meaning}
let me give you a new instruction whenever {words} is heard {meaning}
okay listen carefully {words} from this moment means {meaning}
{words} is really just {meaning} in my dialect
in yorkshire {words} is {meaning}
us students say {words} but what we want is {meaning}
my grandson taught me to say {words} that would be {meaning}
for {words} read {meaning}
{words} comma meaning {meaning}
if {words} is all i say then {meaning}
all i want is that you {meaning} if you hear me say {words}
would it be possible to have you {meaning} upon the phrase {words}
is it possible that {words} makes you {meaning}
it'd be great if {words} did the same as {meaning}
i expect you to {meaning} after the words {words}
i need to be able to say {words} and have you {meaning}
you know {words} right that means {meaning}
see when i go like {words} all that means is {meaning}
{words} by which of course we mean {meaning}
{words} short for {meaning}
{words} aka {meaning}
{words} also known as {meaning}
{words} or in your language {meaning}
to you {words} is the same as {meaning}
for you {words} must be the same thing as {meaning}
learn a synonym {words} for {meaning}
lesson one {words} means {meaning}
lesson for today when you hear {words} then you {meaning}
repeat after me no just kidding {words} means {meaning}
please write into your memory {words} means {meaning}
put in your dictionary {words} as {meaning}
in your vocabulary {words} should be listed under {meaning}
file {words} under {meaning}
i hereby declare that {words} means {meaning}
i decided that {words} will from now on be my way to {meaning}
we agreed in the family that {words} means {meaning}
we all say {words} so please {meaning} when you hear it
i would rather you {meaning} when i say {words}
don't search the web for {words} it means {meaning}
don't tell me you don't know {words} just {meaning}
stop saying you don't understand {words} it simply means {meaning}
why don't you get {words} it means {meaning}
every time the same problem i say {words} and you do nothing i want {meaning}
you did nothing when i said {words} next time {meaning}
last time i said {words} you should have understood {meaning}
just now i said {words} and i wanted you to {meaning}
a minute ago i told you {words} that was supposed to mean {meaning}
hey the thing i said before {words} it means {meaning}
sorry for the confusion {words} means {meaning} to me
excuse me when saying {words} i am requesting that you {meaning}
when i speak of {words} i wish you to {meaning}
should you ever hear {words} kindly {meaning}
in case i say {words} {meaning}
in the event that somebody says {words} you are to {meaning}
provided that i say {words} you may {meaning}
assume i want you to {meaning} whenever i say {words}
assume {words} means {meaning}
suppose i say {words} then you {meaning}
imagine i say {words} then what you do is {meaning}
say i tell you {words} you then {meaning}
{words} just do {meaning} when you hear that
{words} remember that one it means {meaning}
{words} got it that's {meaning}
{words} is my lazy way of saying {meaning}
{words} is easier for me than {meaning}
{meaning} is a mouthful so {words} will do
{meaning} from now on that's just {words}
{meaning} i shall call that {words}
{meaning} also works with {words} okay
{meaning} should also happen when i say {words}
{meaning} in short {words}
{meaning} or as we say {words}
whenever i want you to {meaning} i will say {words}
if i want you to {meaning} i'm going to say {words}
to make you {meaning} i'll say {words}
the way i ask you to {meaning} is {words}
the way we say {meaning} here is {words}
how we say {meaning} is {words}
i might say {words} when i mean {meaning}
i sometimes say {words} and then i mean {meaning}
i usually say {words} if i want to {meaning}
uh could you like um {meaning} when i uh say {words}
when when i say {words} i i mean {meaning}
wenn i say {words} please do {meaning}
i say {words} it must be {meaning}
me i say always {words} for {meaning}
for to {meaning} i am saying {words}
{words} this is for me {meaning}
if you are hearing {words} you are please doing {meaning}
voice command {words} equals {meaning}
alias {words} {meaning}
define macro {words} as {meaning}
if phrase is {words} then {meaning}
on phrase {words} execute {meaning}
utterance {words} maps onto {meaning}
override {words} with {meaning}
redirect {words} to {meaning}
{words} please interpret as {meaning} thank you
"""
"""Whole requests: what is said, with the words that are taught and the request that they shall stand for."""

NAMES = """
mum calls the {meaning} the {words} so you should too
grandpa always said {words} to the {meaning}
the {words} yes that's the {meaning}
oh the {words} is what the kids named the {meaning}
we gave the {meaning} a funny name {words}
you will hear us say {words} a lot and it's the {meaning} we mean
do you know what the {words} is it's the {meaning}
where i say {words} put the {meaning}
{words} that's how the {meaning} is called in this house
whoever says {words} means the {meaning}
if people say {words} it's about the {meaning}
the {meaning} we just call it {words}
the {meaning} is better known as {words}
the {meaning} is referred to as {words}
the {meaning} should be named {words}
the {meaning} listens to the name {words}
i've decided to name the {meaning} {words}
i prefer {words} as a name for the {meaning}
i'd rather call the {meaning} {words}
say hi to {words} that's the {meaning} from now on
meet {words} our {meaning}
for the {meaning} i use the word {words}
for the {meaning} we say {words}
to us the {meaning} is {words}
{words} aka the {meaning}
{words} or the {meaning} as you call it
the {words} or as you know it the {meaning}
what you know as the {meaning} is the {words} to us
what you call the {meaning} we call {words}
you say {meaning} we say {words}
your {meaning} is my {words}
when i tell you to switch on {words} it's the {meaning} i am after
by {words} you should understand the {meaning}
under {words} i understand the {meaning}
{words} means the {meaning} in our house
could you store {words} as another name of the {meaning}
please list the {meaning} as {words}
change the name of the {meaning} to {words}
the new name for the {meaning} shall be {words}
i refer to {words} and what i'm thinking of is the {meaning}
um the the {words} is like the {meaning}
new alias {words} for the {meaning}
synonym for {meaning} is {words}
remember {words} as being the {meaning}
"""
"""Names of things."""

CORRECTIONS = """
no silly i meant {meaning}
argh no i wanted {meaning}
that's wrong what i need is {meaning}
no that is not it i'd like you to {meaning}
not quite i asked you to {meaning}
you misunderstood i'd said {meaning}
hold on i meant to say {meaning}
i beg your pardon i meant {meaning}
what i really wanted was {meaning}
what i said was {meaning}
no listen {meaning} is what i said
no i was saying {meaning}
well no i was hoping you'd {meaning}
false i meant {meaning}
"""
"""Corrections of what was said just before."""

ORDINARY = """
what does serendipity mean
how do you say good night in french
when i get home turn on the hallway lights
when the sun goes down close the blinds
if it gets cold turn on the heating
every time it rains close the window
whenever the door opens play a sound
say happy birthday to anna
say it louder please
what did you say
i said turn it down
i said stop
i meant what i said
call my sister
call the office when they open
call me when dinner is ready
name three capitals in europe
what is the name of this song
what is this song called
play the song called yesterday
play the movie called up
add code review to my calendar
remember that my keys are in the drawer
remember to water the plants
remind me to say thanks to grandma
note that the meeting is moved to friday
learn more about the roman empire
teach me how to cook rice
from now on wake me at seven
from now on use a lower volume at night
next time i have a meeting remind me ten minutes before
is the lamp the same as the light
the kitchen is too dark
the living room is cold
the word is spelled with two l
the lights are on again
this means war
that means a lot to me
it means i am tired
what do you mean
do you mean the kitchen or the hall
i mean it
i don't mean to be rude but be quiet
my son says hello
my wife says the heating is broken
my mother calls every sunday
people say it will snow
they call it jazz
use the upstairs speaker
use my playlist instead of the radio
instead of the radio play a podcast
rename this timer
rename the alarm to work
set a timer called pasta for ten minutes
make a note called ideas
make a list called camping
turn on the light and say good morning
turn off the tv when i say my prayers
tell the kids that dinner means now
tell everyone that i am leaving
announce that the taxi is here
broadcast time for bed
send anna a message saying i will be late
text tom that the code is four two one
read the last message
define love
translate good morning to spanish
spell necessary
who says to be or not to be
when did they say the train leaves
when should i take my pills
if i forget remind me tomorrow
as soon as the washing is done tell me
once the song ends turn off the speaker
after the news play some music
instead play something calm
replace the bulb reminder with buy bulbs
connect the speaker to my phone
link my account
set the lamp to the same colour as the ceiling light
make the bedroom like the living room
take me to my music
treat yourself
let the robot clean the hall
give me the weather for tomorrow
have the vacuum start at noon
i want the radio on
i want to call my dad
i would like the lights off
i'd like it warmer
could you turn it up
you should be quiet now
you know what turn it off
think of a number
consider it done
the same as yesterday please
do the same in the kitchen
the other one
no not now
no thank you
no the other lamp
wrong room
sorry never mind
actually forget it
"""
"""What teaches nothing, though it says, calls or means something."""
