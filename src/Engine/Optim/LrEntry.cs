using Compat.Torch.Optim;

namespace Compat.Engine.Optim;

/// <summary>The parameter groups behind one logged learning rate.</summary>
/// <param name="Name">The name in the log: <c>lr</c>, or <c>base_lr</c> for the optimizer's default values.</param>
/// <param name="Groups">The groups; the first one's learning rate is logged.</param>
public sealed record LrEntry(string Name, IReadOnlyList<OptimizerGroup> Groups);
