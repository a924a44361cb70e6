using Compat.Engine.Evaluation;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>Which evaluation loop to build.</summary>
public abstract record EvaluationLoopOptions
{
    /// <summary>Builds the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches, built already. Borrowed.</param>
    /// <param name="evaluator">The metrics; <see langword="null"/> if the model's step returns losses alone. Borrowed.</param>
    /// <returns>The loop.</returns>
    public abstract EvaluationLoop Build(Runner runner, BatchLoader dataloader, Evaluator? evaluator);
}
