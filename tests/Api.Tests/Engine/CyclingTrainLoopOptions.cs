using Compat.Engine;
using Compat.Engine.Loops;

namespace Compat.Api.Tests.Engine;

internal sealed record CyclingTrainLoopOptions(int MaxIters, int ValInterval) : TrainLoopOptions
{
    public override TrainLoop Build(Runner runner) => new CyclingTrainLoop(runner, this);
}
