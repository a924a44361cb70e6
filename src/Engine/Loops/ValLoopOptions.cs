using Compat.Engine.Evaluation;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>Settings of <see cref="ValLoop"/>.</summary>
public sealed record ValLoopOptions : EvaluationLoopOptions
{
    /// <inheritdoc/>
    public override EvaluationLoop Build(Runner runner, BatchLoader dataloader, Evaluator? evaluator) => new ValLoop(runner, dataloader, evaluator);
}
