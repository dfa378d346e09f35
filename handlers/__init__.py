"""The handlers of each kind of event. `ALL` lists every family: read it to know all the bot acts on."""

from handlers import cards, chat, contacts, members, tags, welcomes
from handlers.router import Router

ALL = Router.of(
    contacts.router,  # an employee and a customer: added, edited, lost, transferred
    welcomes.router,  # a new customer is greeted, if the bank wants it
    cards.router,  # a member pressed a button of a card
    members.router,  # a member arrived, changed or left: read them again
    chat.router,  # a member wrote to the app: to be answered
    tags.router,  # the corp's list of tags for customers
)
