using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Torch.Data;

namespace Compat.Api.Tests.Engine;

internal sealed record MirroredValLoopOptions : EvaluationLoopOptions
{
    public override EvaluationLoop Build(Runner runner, BatchLoader dataloader, Evaluator? evaluator) =>
        new MirroredValLoop(runner, dataloader, evaluator);
}
