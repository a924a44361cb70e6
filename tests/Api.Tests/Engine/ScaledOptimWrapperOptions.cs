using Compat.Engine.Optim;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

internal sealed record ScaledOptimWrapperOptions(OptimWrapperOptions Inner) : BaseOptimWrapperOptions
{
    public override BaseOptimWrapper Build(nn.Module model) => new ScaledOptimWrapper(Inner, model);
}
