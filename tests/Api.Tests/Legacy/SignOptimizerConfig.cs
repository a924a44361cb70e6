using Compat.Legacy;

namespace Compat.Api.Tests.Legacy;

internal sealed record SignOptimizerConfig : OptimizerConfig
{
    public override OptimizerHook Build() => new SignOptimizerHook(this);
}
