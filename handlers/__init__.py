"""What happens on each kind of event. `ALL` lists every family: read it to know all the bot acts on."""

from handlers import cards, chat, contacts, members, tags, welcomes
from handlers.router import Router

ALL = Router.of(
    contacts.router,  # an employee and a customer: added, edited, lost, transferred
    welcomes.router,  # a new customer is greeted, if the bank wants it
    cards.router,  # somebody pressed a button of a card
    members.router,  # somebody of the staff came, changed or left: read again
    chat.router,  # somebody of the staff said something to the app: to be answered
    tags.router,  # the corp's list of tags for customers
)
