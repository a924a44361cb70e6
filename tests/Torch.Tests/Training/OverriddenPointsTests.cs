using Compat.Torch.Training;

namespace Compat.Torch.Tests.Training;

public sealed class OverriddenPointsTests
{
    private static readonly Dictionary<string, Point[]> General = new() { ["BeforeEpoch"] = [Point.BeforeTrainEpoch, Point.BeforeValEpoch] };

    private enum Point
    {
        BeforeRun,
        BeforeTrainEpoch,
        BeforeValEpoch,
    }

    [Fact]
    public void A_type_that_overrides_nothing_has_no_points() => Of<Silent>().Should().BeEmpty();

    [Fact]
    public void An_overridden_method_is_its_point() => Of<AtRun>().Should().Equal(Point.BeforeRun);

    [Fact]
    public void A_general_method_stands_for_its_points() => Of<AtEpochs>().Should().Equal(Point.BeforeTrainEpoch, Point.BeforeValEpoch);

    [Fact]
    public void A_point_is_listed_once_and_in_the_order_in_which_it_fires() =>
        Of<AtAll>().Should().Equal(Point.BeforeRun, Point.BeforeTrainEpoch, Point.BeforeValEpoch);

    [Fact]
    public void What_a_base_type_in_between_overrides_counts() => Of<Derived>().Should().Equal(Point.BeforeRun);

    [Fact]
    public void An_overload_of_a_points_name_is_no_override()
    {
        Of<Overloading>().Should().BeEmpty();
        Of<OverloadingAndOverriding>().Should().Equal(Point.BeforeRun);
    }

    [Fact]
    public void A_method_that_hides_a_point_is_no_override_since_nobody_calls_it()
    {
        Of<Hiding>().Should().BeEmpty();
        Of<OverridingTheHidden>().Should().BeEmpty();
        Of<HidingGeneral>().Should().BeEmpty();
    }

    [Fact]
    public void An_override_counts_although_a_type_further_down_hides_or_overrides_it_again()
    {
        Of<HidingOverride>().Should().Equal(Point.BeforeRun);
        Of<Deep>().Should().Equal(Point.BeforeRun, Point.BeforeTrainEpoch);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action type = () => OverriddenPoints.Of<Base, Point>(null!, General);
        Action general = () => OverriddenPoints.Of<Base, Point>(typeof(AtRun), null!);

        type.Should().Throw<ArgumentNullException>().WithParameterName("type");
        general.Should().Throw<ArgumentNullException>().WithParameterName("general");
    }

    private static IReadOnlyCollection<Point> Of<T>() => OverriddenPoints.Of<Base, Point>(typeof(T), General);

    private abstract class Base
    {
        public virtual void BeforeRun()
        {
        }

        public virtual void BeforeTrainEpoch() => BeforeEpoch();

        public virtual void BeforeValEpoch() => BeforeEpoch();

        protected virtual void BeforeEpoch()
        {
        }
    }

    private sealed class Silent : Base;

    private class AtRun : Base
    {
        public override void BeforeRun()
        {
        }
    }

    private sealed class Derived : AtRun;

    private class Overloading : Base
    {
        public int Called { get; private set; }

        public void BeforeRun(int times) => Called = times;

        public void BeforeEpoch(int times) => Called = times;
    }

    private sealed class OverloadingAndOverriding : Overloading
    {
        public override void BeforeRun()
        {
        }
    }

    private class Hiding : Base
    {
        public new virtual void BeforeRun()
        {
        }
    }

    private sealed class OverridingTheHidden : Hiding
    {
        public override void BeforeRun()
        {
        }
    }

    private sealed class HidingGeneral : Base
    {
        public new void BeforeEpoch()
        {
        }
    }

    private sealed class HidingOverride : AtRun
    {
        public new void BeforeRun()
        {
        }
    }

    private abstract class Middle<T> : AtRun
    {
        public abstract override void BeforeTrainEpoch();
    }

    private sealed class Deep : Middle<int>
    {
        public override void BeforeRun()
        {
        }

        public override void BeforeTrainEpoch()
        {
        }
    }

    private sealed class AtEpochs : Base
    {
        protected override void BeforeEpoch()
        {
        }
    }

    private sealed class AtAll : Base
    {
        public override void BeforeValEpoch()
        {
        }

        public override void BeforeRun()
        {
        }

        protected override void BeforeEpoch()
        {
        }
    }
}
