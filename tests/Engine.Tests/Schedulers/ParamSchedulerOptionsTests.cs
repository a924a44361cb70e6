using Compat.Engine.Schedulers;

namespace Compat.Engine.Tests.Schedulers;

public sealed class ParamSchedulerOptionsTests
{
    /// <summary>Read from MMEngine 0.11.0rc0 with <c>inspect.signature</c>.</summary>
    [Fact]
    public void Defaults_are_those_of_the_original()
    {
        ParamSchedulerOptions[] all =
        [
            new StepLrOptions { StepSize = 1 }, new MultiStepLrOptions { Milestones = [] }, new ConstantLrOptions(), new ExponentialLrOptions { Gamma = 1 },
            new LinearLrOptions(), new PolyLrOptions(), new StepMomentumOptions { StepSize = 1 }, new PolyMomentumOptions(),
        ];

        all.Should().AllSatisfy(options => (options.Unit, options.Begin, options.End, options.Optimizer, options.ConvertToIterBased)
            .Should().Be((ScheduleUnit.Epoch, 0, null, null, false), "an end that is left out is the number of epochs in a runner, and none elsewhere"));
        (((StepLrOptions)all[0]).Gamma, ((MultiStepLrOptions)all[1]).Gamma, ((ConstantLrOptions)all[2]).Factor).Should().Be((0.1, 0.1, 1.0 / 3));
        (((LinearLrOptions)all[4]).StartFactor, ((LinearLrOptions)all[4]).EndFactor).Should().Be((1.0 / 3, 1.0));
        (((PolyLrOptions)all[5]).Power, ((PolyLrOptions)all[5]).EtaMin).Should().Be((1, 0));
    }
}
