using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Torch.Data;

namespace Compat.Adapters.Runners;

/// <summary>Builds the loop of a workflow's first <c>val</c> flow, so that <c>Runner.Val()</c> runs it too.</summary>
internal sealed record LegacyValLoopOptions : EvaluationLoopOptions
{
    public override EvaluationLoop Build(Compat.Engine.Runner runner, BatchLoader dataloader, Evaluator? evaluator) => new LegacyValLoop(runner, dataloader);
}
