using Compat.Engine.Model;

namespace Compat.Api.Tests.Engine;

internal sealed record ClampingWrapperOptions(double Limit) : ModelWrapperOptions
{
    public override BaseModel Wrap(BaseModel model, ModelWrapperContext context) => new ClampingWrapper(model, Limit);
}
