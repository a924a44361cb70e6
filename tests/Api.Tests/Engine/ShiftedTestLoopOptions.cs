using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Torch.Data;

namespace Compat.Api.Tests.Engine;

/// <summary>Settings of <see cref="ShiftedTestLoop"/>.</summary>
/// <param name="Shift">By how much predictions are moved.</param>
internal sealed record ShiftedTestLoopOptions(float Shift) : EvaluationLoopOptions
{
    public override EvaluationLoop Build(Runner runner, BatchLoader dataloader, Evaluator? evaluator) => new ShiftedTestLoop(runner, dataloader, evaluator, Shift);
}
