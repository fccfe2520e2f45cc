"""The lab's XOR over many seeds, as a user of PyTorch would write it first: one network after the other."""

import sys

import torch
from torch import nn

SEEDS, EPOCHS = int(sys.argv[1]), 500
points = [(i / 10, i / 10, 0) for i in range(11)] + [(i / 10, 1 - i / 10, 1) for i in range(11) if i != 5]
table = torch.tensor(points)
x, y = table[:, :2], table[:, 2:]
torch.set_num_threads(1)  # faster for so small a network


def train(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
    for p in model.parameters():
        nn.init.normal_(p)
    adam = torch.optim.Adam(model.parameters(), lr=0.1, betas=(0.9, 0.9), eps=1e-5)
    schedule = torch.optim.lr_scheduler.StepLR(adam, EPOCHS // 50, 0.95)
    loss = nn.MSELoss(reduction="sum")
    for _ in range(EPOCHS):
        adam.zero_grad()
        loss(model(x), y).backward()
        adam.step()
        schedule.step()
    with torch.no_grad():
        p = model(x)
    return ((p - y) ** 2).mean().item(), bool(((p > 0.5) == (y > 0.5)).all())


losses, solved = zip(*map(train, range(SEEDS)), strict=True)
loss = torch.tensor(losses)
quartiles = torch.quantile(loss, torch.tensor([0.25, 0.75])).tolist()
print(f"solved {sum(solved)} of {SEEDS}; loss: median {loss.median().item():.3g}, quartiles", quartiles)
