using Compat.Engine.Evaluation;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>Settings of <see cref="TestLoop"/>.</summary>
public sealed record TestLoopOptions : EvaluationLoopOptions
{
    /// <inheritdoc/>
    public override EvaluationLoop Build(Runner runner, BatchLoader dataloader, Evaluator? evaluator) => new TestLoop(runner, dataloader, evaluator);
}
