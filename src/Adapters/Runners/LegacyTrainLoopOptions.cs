using Compat.Engine.Loops;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Runners;

/// <summary>Builds the loop that trains a legacy runner, when its training starts: what cannot be carried over by then is refused.</summary>
/// <param name="Translator">The runner and what is asked for.</param>
internal sealed record LegacyTrainLoopOptions(LegacyRunnerTranslator Translator) : TrainLoopOptions
{
    public override TrainLoop Build(Compat.Engine.Runner runner)
    {
        Translator.Check();
        return Translator.Legacy is IterBasedRunner ? new LegacyIterTrainLoop(runner, Translator) : new LegacyEpochTrainLoop(runner, Translator);
    }
}
