"""A second set of wordings that nothing is trained or chosen on, by manners of people. Knows no code.

Written before the grammar of what the model that ships is trained on (docs/decisions/0043-teaching-by-a-net-of-its-own.md), by the same
hand, and not changed since: whoever looks at what is got wrong here must write others before scoring again.
"""

REQUESTS = """
hi love, it's me. when I say {words} would you be a dear and {meaning}
now then, if you hear me mutter {words}, that'll be me wanting you to {meaning}
my late husband always said {words} and the old machine knew to {meaning}, so you do the same
I can never remember the proper words, so let {words} do for {meaning}
dear, would you kindly learn that {words} is how I ask for {meaning}
listen, {words}, you know, I mean {meaning}, every single time
mummy says if I say {words} you have to {meaning}
can {words} be our secret word for {meaning}
when I shout {words} really really loud, {meaning}
let's play that {words} means {meaning}
{words} is gonna be my thing for {meaning}, cool?
yo {words} = {meaning}, lock it in
ok so new rule, I go {words}, you go {meaning}
dude {words} obviously means {meaning}
bro just map {words} onto {meaning} already
alias {words} to {meaning}
bind the phrase {words} to the action {meaning}
on utterance {words} execute {meaning}
register a new voice shortcut. phrase: {words}. does: {meaning}
macro {words}, expands to {meaning}
override {words} so it runs {meaning}
if input is {words} then output should be {meaning}
add a routine called {words} that will {meaning}
make yourself a note that {words} from now on triggers {meaning}
please, when I am saying {words}, it is meaning {meaning}
excuse my English, with {words} I would like that you {meaning}
for me {words} it is the same like {meaning}
in my country we say {words}, here you say {meaning}, it is the same
you must understand {words} how I understand it: {meaning}
every time you hear {words} from any of us, treat it as {meaning}
the children will say {words}, what they want is {meaning}
should anyone in this household say {words}, kindly {meaning}
let the record show that {words} shall be read as {meaning}
henceforth {words} is to be taken as a request to {meaning}
whenever the words {words} are spoken, you are to {meaning}
I'd appreciate it if {words} could make you {meaning}
would it be possible to have {words} do {meaning}
is there any way you could {meaning} when all I say is {words}
do you think you could {meaning} next time I come in saying {words}
just so we understand each other, {words} is me asking to {meaning}
you got that wrong before, {words} is supposed to get you to {meaning}
I've told you a hundred times, {words} means {meaning}
no, listen, whenever I say {words} what I want is {meaning}
last time I said {words} you did nothing, you should {meaning}
stop saying you don't understand {words}, it means {meaning}
I want you to {meaning} whenever somebody says {words}, got it
{meaning}, that's what {words} is for
{meaning} is what should happen on {words}
to {meaning} all I want to have to say is {words}
I'd like to be able to say {words} to have you {meaning}
saying {words} should be enough for you to {meaning}
{words}. you hear that? that means {meaning}
if I'm in bed and I say {words}, {meaning}
um, when, when I say {words}, uh, {meaning}, please
"""

NAMES = """
sweetheart, the {meaning} is {words} to us
granny calls the {meaning} the {words}, so you'd better learn it
from here on out the {meaning} answers to the name {words}
we've christened the {meaning} {words}
my boy named the {meaning} {words}, isn't that cute
the thing you have down as {meaning}, everybody here calls it {words}
if anyone says {words} they're talking about the {meaning}
{words}? oh that's just the {meaning}
hey, {words} is what the {meaning} goes by in this place
let {words} be another name for the {meaning}
could the {meaning} also be known as {words}
give the {meaning} a second name, {words}
alias the {meaning} as {words}
set nickname of {meaning} to {words}
you can find the {meaning} under the name of {words} too
I always say {words} when I talk about the {meaning}
with {words} is meant the {meaning}
by {words} we all mean the {meaning}
dude the {words} is totally the {meaning}
please write down that {words} and the {meaning} are the same thing
the {meaning} has got a new name, it's {words} now
when I mention the {words}, think {meaning}
"""

CORRECTIONS = """
no dear, what I was after was {meaning}
oh no no, I was asking you to {meaning}
that isn't it at all, I wanted {meaning}
not quite, {meaning} is what I meant
nope, wrong, {meaning}
dude no, I said {meaning}
you misunderstand me, I am wanting {meaning}
sorry, that came out wrong, {meaning} is what I wanted to say
hang on, I didn't mean that, I meant {meaning}
wrong thing! {meaning}!
argh, I meant to say {meaning}
no silly, {meaning}
let me try that again, {meaning}
please undo that, I wanted you to {meaning}
"""
