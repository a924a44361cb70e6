using global::Gan;

namespace Compat.Equivalence.Tests.Gan;

public sealed class GanArgumentsTests
{
    [Fact]
    public void Options_are_read()
    {
        GanArguments arguments = GanArguments.Parse(["--epochs", "3", "--seed", "7", "--device", "cpu", "--amp", "--accumulate", "2"]);

        arguments.Settings.Should().Be(new GanSettings { Epochs = 3, Seed = 7, Amp = true, Accumulate = 2 });
        arguments.Settings.IsForEngineOnly.Should().BeTrue();
        GanArguments.Parse(["--break-it"]).BreakIt.Should().BeTrue();
        GanArguments.Parse(["--accumulate", "1"]).Settings.IsForEngineOnly.Should().BeFalse();
        GanArguments.Parse(["--help"]).Help.Should().BeTrue();
    }

    [Theory]
    [InlineData("There is no option '--epoch'. Options: --epochs, --device, --seed, --break-it, --amp, --accumulate, --help.", "--epoch", "3")]
    [InlineData("--accumulate is '0'; it must be a whole number of at least 1, for example --accumulate 8.", "--accumulate", "0")]
    [InlineData(
        "--break-it compares trainings, but with --amp or --accumulate only the engine's program is trained. Leave one of them out.", "--break-it", "--amp")]
    public void A_wrong_option_is_named_with_what_is_allowed(string message, params string[] arguments)
    {
        Action parse = () => GanArguments.Parse(arguments);

        parse.Should().Throw<ArgumentException>().WithMessage(message);
    }
}
