using Compat.Engine.Optim;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Builds the wrapper for a legacy runner when its training starts: hooks that were registered until then count.</summary>
/// <param name="Translator">Decides who updates the weights.</param>
internal sealed record LegacyOptimWrapperOptions(UpdateTranslator Translator) : BaseOptimWrapperOptions
{
    public override BaseOptimWrapper Build(nn.Module model) => Translator.Build(model);
}
