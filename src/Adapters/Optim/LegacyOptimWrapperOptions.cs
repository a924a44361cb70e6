using Compat.Adapters.Runners;
using Compat.Engine.Optim;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Builds the wrapper that stands in for a legacy optimizer hook.</summary>
/// <param name="Translated">The hook's settings in the engine's words.</param>
/// <param name="Facade">Finds the runner that legacy hooks see.</param>
internal sealed record LegacyOptimWrapperOptions(OptimWrapperOptions Translated, Func<LegacyRunnerFacade> Facade) : BaseOptimWrapperOptions
{
    public override BaseOptimWrapper Build(nn.Module model) => new LegacyOptimWrapper(Translated, model, Facade());
}
