"""Whether a card keeps what every card promises: a model's contract, a task's data.

`models` loads a card's model, at tiny size unless it is asked for in full, and runs the contract of
`models.base.Adapter`; `tasks` looks at what a task's card makes of its data.
"""
